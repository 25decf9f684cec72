import * as l10n from "./l10n.ts";
import type { Container } from "./engineJson.ts";
import { UserError } from "./errors.ts";
import type { Gpu } from "./gpu.ts";
import { holds, isUp } from "./holds.ts";

/** How long after its creation a container that does not run yet counts as about to start, in milliseconds. */
const startingUp = 60_000;

/** Whether a container claims its GPUs: it runs, or it was just created and is about to. */
function claims({ state, created }: Container, now: number): boolean {
  return isUp(state) || (state === "created" && now - created < startingUp);
}

/**
 * The first `count` healthy GPUs that no container claims.
 * @throws UserError when there are fewer
 */
export function chooseFree(count: number, gpus: readonly Gpu[], containers: readonly Container[], now: number): string[] {
  const free = gpus.filter(
    (gpu) =>
      !gpu.problems.some(({ severity }) => severity === "error") &&
      !containers.some((container) => claims(container, now) && container.details && holds(container.details.gpus, gpu)),
  );
  if (free.length < count) {
    const asked = count === 1 ? l10n.t("1 free GPU was asked for") : l10n.t("{0} free GPUs were asked for", count);
    if (gpus.length === 0) throw new UserError(l10n.t("{0}, and there is none on this machine: deploy without GPUs.", asked));
    if (free.length === 0)
      throw new UserError(l10n.t("{0}, and none of {1} is free: retire a container that holds one.", asked, gpus.length));
    throw new UserError(
      free.length === 1
        ? l10n.t("{0}, and 1 of {1} is free: retire a container that holds one, or ask for fewer.", asked, gpus.length)
        : l10n.t(
            "{0}, and {1} of {2} are free: retire a container that holds one, or ask for fewer.",
            asked,
            free.length,
            gpus.length,
          ),
    );
  }
  return free.slice(0, count).map(({ index }) => String(index));
}

/** The container that has the older claim on one of the GPUs that `own` reserved; when two meet, the younger (created, then id) gives way. */
export function olderClaim(
  own: Container,
  reserved: readonly Pick<Gpu, "index" | "uuid">[],
  containers: readonly Container[],
  now: number,
): Container | undefined {
  const older = (other: Container) => other.created < own.created || (other.created === own.created && other.id < own.id);
  return containers.find(
    (other) =>
      other.id !== own.id &&
      claims(other, now) &&
      older(other) &&
      reserved.some((gpu) => other.details && holds(other.details.gpus, gpu)),
  );
}
