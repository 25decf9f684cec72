import * as l10n from "../l10n.ts";
import * as z from "zod/mini";
import { parseDuration } from "../dockerValues.ts";
import { UserError } from "../errors.ts";
import { any, described, field, fields, flag, parsed, text, textOrTexts } from "./fields.ts";

/** The block under a service that says what Compose has no field for. */

/** Keys that are understood later. */
export const later = ["requires", "resources", "repository", "build", "gpu_defaults", "requires_gpu"] as const;

/** What `{{name}}` may be besides an input. */
export const builtIns = ["port", "host_port", "name", "project", "service", "user", "uid"] as const;
export type BuiltIn = (typeof builtIns)[number];

export const formats = ["ini", "json", "yaml", "toml"] as const;
export type Format = (typeof formats)[number];

/** The format that a file's name tells, or undefined. */
export function formatOf(file: string): Format | undefined {
  const ending = /\.(\w+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
  if (/^(ini|cfg|conf)$/.test(ending)) return "ini";
  if (/^ya?ml$/.test(ending)) return "yaml";
  return ending === "json" || ending === "toml" ? ending : undefined;
}

const strict = { extensions: false };
/** Milliseconds. */
const duration = parsed(z.union([text, z.number()]), (value) => {
  if (typeof value === "number") throw new UserError(l10n.t("A time has a unit: write {0}s.", value));
  return parseDuration(value);
});
const answer = parsed(z.union([text, z.number(), z.boolean()]), String);
const limit = parsed(z.union([z.number(), text]), (value) => {
  if (!/^-?\d+(\.\d+)?$/.test(String(value).trim())) throw new UserError(l10n.t("'{0}' is no number.", value));
  return Number(value);
});

const input = fields(
  {
    id: described(
      "Stands for the answer as {{id}}.",
      text.check(
        z.regex(/^[A-Za-z_]\w*$/, { error: l10n.t("An input's id has letters, digits and '_', and starts with a letter.") }),
      ),
    ),
    prompt: field("The question.", text),
    type: field("text (the default) or number.", z.enum(["text", "number"])),
    default: field("Taken when nothing is answered. Without it an answer is required.", answer),
    min: field("Smallest number.", limit),
    max: field("Largest number.", limit),
    pattern: field("Regular expression that a text has to match.", text),
    message: field("Said when it does not.", text),
    options: field("Answers to choose from; each may overlay the service and x-berth.", z.record(z.string(), z.any())),
  },
  strict,
);

/** A port, also as text or by a placeholder. */
const port = parsed(z.union([z.number(), text]), (value) => {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 1 || n > 65_535)
    throw new UserError(l10n.t("'{0}' is no port: it is a number from 1 to 65535.", value));
  return n;
});

const absolute = (what: string) =>
  text.check(
    z.regex(/^\/|^\{\{/, { error: l10n.t("{0} is a path inside the container, from the root: begin it with '/'.", what) }),
  );

export const xBerth = described(
  "What Compose has no field for: how Berth asks, prepares and starts.",
  fields(
    {
      title: field("Shown instead of the service's name.", text),
      keep_alive: field(
        "Keeps the container running without a command of its own. Default: true when the service has no command.",
        flag,
      ),
      inputs: field("Questions before a launch, in this order.", z.array(input)),
      display: field("x11: DISPLAY, XAUTHORITY and the X server's socket are there inside.", z.enum(["none", "x11"])),
      setup: field("Shell commands, once per created container, and again after a swap.", textOrTexts),
      prepare: field("Shell commands before every start of the app.", textOrTexts),
      configure: field(
        "Edits of files inside the container, before the app starts.",
        z.array(
          fields(
            {
              file: described("Path inside the container.", absolute("'file'")),
              format: field("Without it the file's ending tells.", z.enum(formats)),
              set: described("Values by key; dots lead deeper.", z.record(z.string(), z.union([text, z.number(), z.boolean()]))),
            },
            strict,
          ),
        ),
      ),
      app: field(
        "The program that the container is for.",
        fields(
          {
            start: described("Shell command that starts it; it is run inside, detached.", text),
            process: field("Exact name of its process, to find and stop it.", text),
            port: field("Where it listens: {{port}}.", port),
            ready: field(
              "How to find out that it is ready.",
              fields(
                {
                  http: described(
                    "Path that answers.",
                    text.check(
                      z.regex(/^\/|^\{\{/, {
                        error: l10n.t("It is a path, such as /health: begin it with '/'; host and port are known."),
                      }),
                    ),
                  ),
                  contains: field("What the answer holds then.", text),
                  interval: field("Time between two questions, such as 5s.", duration),
                  timeout: field("Time until Berth gives up, such as 300s.", duration),
                },
                strict,
              ),
            ),
          },
          strict,
        ),
      ),
      attach: field(
        "How an editor opens in it.",
        fields(
          {
            folder: field("Folder that is opened.", absolute("'folder'")),
            user: field("User inside.", text),
            extensions: field(
              "VS Code extensions to have there.",
              z.array(
                text.check(
                  z.regex(/^[\w-]+\.[\w-]+$/, {
                    error: l10n.t("An extension is named publisher.name, such as ms-python.python."),
                  }),
                ),
              ),
            ),
          },
          strict,
        ),
      ),
      ...any(...later),
    },
    strict,
  ),
);
export type XBerth = z.output<typeof xBerth>;
export type Input = z.output<typeof input>;
