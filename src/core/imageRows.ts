import * as l10n from "./l10n.ts";
import { containerIcon, statusText } from "./containerRows.ts";
import type { Container, Image } from "./engineJson.ts";
import { byName, type Row } from "./rows.ts";
import type { State } from "./state.ts";
import { bytes, span } from "./units.ts";

export function imageRows(state: State, now: number): Row[] {
  const users = new Map<string, Container[]>();
  for (const container of state.containers) {
    const list = users.get(container.imageId);
    if (list) list.push(container);
    else users.set(container.imageId, [container]);
  }
  return state.images
    .flatMap((image) =>
      (image.tags.length === 0 ? [undefined] : image.tags).map((tag) => imageRow(image, tag, users.get(image.id) ?? [], now)),
    )
    .sort((a, b) => Number(a.menu === "image.untagged") - Number(b.menu === "image.untagged") || byName(a.label, b.label));
}

function imageRow(image: Image, tag: string | undefined, users: readonly Container[], now: number): Row {
  const shortId = image.id.replace(/^sha256:/, "").slice(0, 12);
  const version = tag === undefined ? l10n.t("untagged") : tag.slice(tag.lastIndexOf(":") + 1);
  const name = tag === undefined ? shortId : (tag.slice(0, tag.lastIndexOf(":")).split("/").at(-1) ?? tag);
  const use = users.length === 0 ? "" : l10n.t("in use");
  const age = image.created > 0 ? l10n.t("{0} old", span(now - image.created)) : "";
  const facts = [version, bytes(image.size), use, image.details?.architecture ?? "", age].filter(Boolean);
  return {
    id: `image:${image.id}:${tag ?? ""}`,
    label: name,
    description: facts.join(" · "),
    tooltip: [
      tag ?? l10n.t("Untagged"),
      l10n.t("Id: {0}", shortId),
      users.length === 0 ? l10n.t("Not in use") : l10n.t("In use by {0}", users.map((user) => user.name).join(", ")),
    ].join("\n"),
    icon: { id: "package" },
    menu: tag === undefined ? "image.untagged" : "image.tagged",
    accessibilityLabel: [name, ...facts].join(", "),
    target: { image: tag ?? image.id },
    ...(users.length === 0
      ? {}
      : {
          children: users.map((user) => ({
            id: `image:${image.id}:${tag ?? ""}:${user.id}`,
            label: user.name,
            description: statusText(user, now),
            icon: containerIcon(user, false, false),
            menu: "holder",
            accessibilityLabel: l10n.t("in use by {0}, {1}", user.name, statusText(user, now)),
          })),
        }),
  };
}
