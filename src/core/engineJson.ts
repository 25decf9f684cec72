import * as z from "zod/mini";
import type { GpuRequest } from "./runSpec.ts";

/** What Berth knows of a container from the engine's list, and from its one cached inspect (`details`). */
export interface Container {
  id: string;
  name: string;
  /** As the engine's list says it: a tag, or an id when the tag moved on. */
  image: string;
  imageId: string;
  state: string;
  /** The engine's own words, such as `Up 3 hours (healthy)`. */
  status: string;
  /** Milliseconds since 1970. */
  created: number;
  ports: readonly Port[];
  /** On the network of the engine's machine, where nothing is published; only the engine's list says it. */
  hostNetwork?: boolean;
  labels: Readonly<Record<string, string>>;
  details?: Details;
}

export interface Port {
  container: number;
  protocol: string;
  /** Published on the engine's machine. */
  host?: { ip: string; port: number };
}

export interface Mount {
  type: string;
  /** Volume name; 64 hex digits when Docker made it up. */
  name?: string;
  source: string;
  target: string;
  readOnly: boolean;
}

export interface Details {
  /** Milliseconds since 1970; absent when it never happened. */
  startedAt?: number;
  finishedAt?: number;
  exitCode: number;
  oomKilled: boolean;
  running: boolean;
  restarting: boolean;
  /** What the engine says of a start that failed. */
  error: string;
  health?: string;
  gpus: GpuRequest;
  mounts: readonly Mount[];
  env: readonly string[];
  user: string;
  workingDir: string;
  entrypoint: readonly string[];
  command: readonly string[];
  /** Run with `--rm`: Docker removes it as soon as it stops. */
  autoRemove?: boolean;
}

export interface Image {
  id: string;
  tags: readonly string[];
  /** What it was pulled or pushed by: `NAME@sha256:…`. Absent when there is none. */
  digests?: readonly string[];
  /** Bytes. */
  size: number;
  created: number;
  details?: ImageDetails;
}

export interface ImageDetails {
  architecture: string;
  os: string;
  entrypoint: readonly string[];
  command: readonly string[];
  env: readonly string[];
  workingDir: string;
  user: string;
  /** Absent when there is none. */
  labels?: Readonly<Record<string, string>>;
}

/** The engine writes null for an empty list or map. */
const orEmpty = <T extends z.core.$ZodType>(schema: T) => z.nullish(schema);
const strings = orEmpty(z.array(z.string()));
const stringMap = orEmpty(z.record(z.string(), z.string()));

const listedContainer = z.object({
  Id: z.string(),
  Names: strings,
  Image: z.string(),
  ImageID: z.optional(z.string()),
  State: z.string(),
  Status: z.string(),
  Created: z.number(),
  Labels: stringMap,
  HostConfig: z.nullish(z.object({ NetworkMode: z.nullish(z.string()) })),
  Ports: orEmpty(
    z.array(
      z.object({ IP: z.optional(z.string()), PrivatePort: z.number(), PublicPort: z.optional(z.number()), Type: z.string() }),
    ),
  ),
});

const inspectedContainer = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  Created: z.string(),
  State: z.object({
    Status: z.string(),
    Running: z.boolean(),
    Restarting: z.boolean(),
    OOMKilled: z.boolean(),
    ExitCode: z.number(),
    Error: z.string(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
    Health: z.nullish(z.object({ Status: z.string() })),
  }),
  HostConfig: z.object({
    DeviceRequests: orEmpty(z.array(z.object({ Driver: z.string(), Count: z.number(), DeviceIDs: strings }))),
    Runtime: z.nullish(z.string()),
    AutoRemove: z.nullish(z.boolean()),
    Tmpfs: stringMap,
  }),
  Config: z.object({
    Image: z.string(),
    Env: strings,
    Labels: stringMap,
    User: z.nullish(z.string()),
    WorkingDir: z.nullish(z.string()),
    Entrypoint: strings,
    Cmd: strings,
  }),
  Mounts: orEmpty(
    z.array(
      z.object({
        Type: z.string(),
        Name: z.optional(z.string()),
        Source: z.nullish(z.string()),
        Destination: z.string(),
        RW: z.boolean(),
      }),
    ),
  ),
});

const listedImage = z.object({ Id: z.string(), RepoTags: strings, RepoDigests: strings, Created: z.number(), Size: z.number() });

const inspectedImage = z.object({
  Id: z.string(),
  Architecture: z.string(),
  Os: z.string(),
  Variant: z.nullish(z.string()),
  Config: z.nullish(
    z.object({
      Entrypoint: strings,
      Cmd: strings,
      Env: strings,
      WorkingDir: z.nullish(z.string()),
      User: z.nullish(z.string()),
      Labels: stringMap,
    }),
  ),
});

/** `0001-01-01T00:00:00Z` is the engine's "never". */
function time(text: string): number | undefined {
  const ms = Date.parse(text);
  return Number.isNaN(ms) || ms <= 0 ? undefined : ms;
}

/** The answer of `GET /containers/json`. A row that Berth cannot read keeps what little is known; it never hides the others. */
export function parseContainers(json: unknown): Container[] {
  return rows(json).flatMap((row) => {
    const parsed = listedContainer.safeParse(row);
    if (!parsed.success) return oddContainer(row);
    const { Id, Names, Image, ImageID, State, Status, Created, Labels, Ports, HostConfig } = parsed.data;
    const container: Container = {
      id: Id,
      name: displayName(Names ?? [], Id),
      image: Image,
      imageId: ImageID ?? "",
      state: State,
      status: Status,
      created: Created * 1000,
      labels: Labels ?? {},
      ...(HostConfig?.NetworkMode === "host" ? { hostNetwork: true } : {}),
      ports: (Ports ?? []).map(({ IP, PrivatePort, PublicPort, Type }) => ({
        container: PrivatePort,
        protocol: Type,
        ...(PublicPort === undefined ? {} : { host: { ip: IP ?? "", port: PublicPort } }),
      })),
    };
    return [container];
  });
}

function oddContainer(row: unknown): Container[] {
  const fields = (row ?? {}) as Record<string, unknown>;
  const text = (key: string) => (typeof fields[key] === "string" ? fields[key] : "");
  const id = text("Id");
  if (id === "") return [];
  const names = strings.safeParse(fields.Names);
  return [
    {
      id,
      name: displayName((names.success && names.data) || [], id),
      image: text("Image"),
      imageId: text("ImageID"),
      state: text("State") || "unknown",
      status: text("Status"),
      created: 0,
      ports: [],
      labels: {},
    },
  ];
}

/** A container that others link to has several names; its own is the one without a second slash. */
function displayName(names: readonly string[], id: string): string {
  const own = names.find((name) => name.lastIndexOf("/") === 0) ?? names[0];
  return own === undefined ? id.slice(0, 12) : own.replace(/^\//, "");
}

const rows = (json: unknown): unknown[] => (Array.isArray(json) ? (json as unknown[]) : []);

/** The answer of `GET /containers/{id}/json`. Throws when it is not one. */
export function parseInspect(json: unknown): Container & { details: Details } {
  const { Id, Name, Image, Created, State, HostConfig, Config, Mounts } = inspectedContainer.parse(json);
  const startedAt = time(State.StartedAt);
  const finishedAt = time(State.FinishedAt);
  return {
    id: Id,
    name: Name.replace(/^\//, ""),
    image: Config.Image,
    imageId: Image,
    state: State.Status,
    status: "",
    created: time(Created) ?? 0,
    ports: [],
    labels: Config.Labels ?? {},
    details: {
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(finishedAt === undefined ? {} : { finishedAt }),
      exitCode: State.ExitCode,
      oomKilled: State.OOMKilled,
      running: State.Running,
      restarting: State.Restarting,
      error: State.Error,
      ...(State.Health ? { health: State.Health.Status } : {}),
      gpus: gpuRequest(HostConfig.DeviceRequests ?? [], HostConfig.Runtime ?? "", Config.Env ?? []),
      mounts: [
        ...(Mounts ?? []).map(({ Type, Name: name, Source, Destination, RW }) => ({
          type: Type,
          ...(name === undefined ? {} : { name }),
          source: Source ?? "",
          target: Destination,
          readOnly: !RW,
        })),
        // `--tmpfs` stands here only; `--mount type=tmpfs` among the others.
        ...Object.keys(HostConfig.Tmpfs ?? {}).map((target) => ({ type: "tmpfs", source: "", target, readOnly: false })),
      ],
      env: Config.Env ?? [],
      user: Config.User ?? "",
      workingDir: Config.WorkingDir ?? "",
      entrypoint: Config.Entrypoint ?? [],
      command: Config.Cmd ?? [],
      ...(HostConfig.AutoRemove ? { autoRemove: true } : {}),
    },
  };
}

/** `--gpus` becomes a device request; the `nvidia` runtime reads a variable instead, which means nothing under runc. */
export function gpuRequest(
  requests: readonly { Driver: string; Count: number; DeviceIDs?: string[] | null | undefined }[],
  runtime: string,
  env: readonly string[],
): GpuRequest {
  // CDI names are VENDOR/CLASS=NAME; other classes than gpu and mig are no GPUs.
  const cdi = (id: string) => id.match(/^nvidia\.com\/gpu=(.+)$/)?.[1] ?? id;
  const isGpu = (id: string) => !id.includes("=") || /\/(gpu|mig)=/.test(id);
  const ids = requests
    .flatMap((request) => request.DeviceIDs ?? [])
    .filter(isGpu)
    .map(cdi);
  if (ids.includes("all") || requests.some((request) => request.Count === -1)) return "all";
  if (ids.length > 0) return { ids };
  const count = requests.reduce((sum, request) => sum + request.Count, 0);
  if (count > 0) return { count };
  if (runtime !== "nvidia") return "none";
  const visible =
    env.findLast((line) => line.startsWith("NVIDIA_VISIBLE_DEVICES="))?.slice("NVIDIA_VISIBLE_DEVICES=".length) ?? "";
  if (["", "void", "none"].includes(visible)) return "none";
  const names = visible.split(",").map(cdi);
  return names.includes("all") ? "all" : { ids: names };
}

/** The answer of `GET /images/json`. */
export function parseImages(json: unknown): Image[] {
  return rows(json).flatMap((row) => {
    const parsed = listedImage.safeParse(row);
    if (!parsed.success) return [];
    const { Id, RepoTags, RepoDigests, Created, Size } = parsed.data;
    const digests = (RepoDigests ?? []).filter((digest) => !digest.startsWith("<none>@"));
    const image: Image = {
      id: Id,
      tags: (RepoTags ?? []).filter((tag) => tag !== "<none>:<none>"),
      ...(digests.length > 0 ? { digests } : {}),
      size: Size,
      created: Created * 1000,
    };
    return [image];
  });
}

/** The answer of `GET /images/{name}/json`. Throws when it is not one. */
export function parseImageInspect(json: unknown): ImageDetails & { id: string } {
  const { Id, Architecture, Os, Variant, Config } = inspectedImage.parse(json);
  return {
    id: Id,
    architecture: Variant ? `${Architecture}/${Variant}` : Architecture,
    os: Os,
    entrypoint: Config?.Entrypoint ?? [],
    command: Config?.Cmd ?? [],
    env: Config?.Env ?? [],
    workingDir: Config?.WorkingDir ?? "",
    user: Config?.User ?? "",
    ...(Config?.Labels && Object.keys(Config.Labels).length > 0 ? { labels: Config.Labels } : {}),
  };
}
