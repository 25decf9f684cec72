import * as z from "zod/mini";

/** What an engine says of itself. Texts are empty where it does not say. */
export interface EngineInfo {
  version: string;
  apiVersion: string;
  minApiVersion: string;
  /** The host name of the engine's machine, as the engine sees it. */
  machine: string;
  system: string;
  kernel: string;
  architecture: string;
  storageDriver: string;
  /** `systemd`, `cgroupfs` or `none`. */
  cgroupDriver: string;
  /** `1` or `2`. */
  cgroupVersion: string;
  /** Sorted. */
  runtimes: readonly string[];
  defaultRuntime: string;
  rootless: boolean;
  /** Where it looks for CDI devices; empty before engine 25, and where that is switched off. */
  cdiSpecDirs: readonly string[];
  containers: { total: number; running: number };
  images: number;
  warnings: readonly string[];
}

/** An engine writes null for an empty list, and leaves out what it does not know. */
const text = z.pipe(
  z.nullish(z.string()),
  z.transform((value) => value ?? ""),
);
const number = z.pipe(
  z.nullish(z.number()),
  z.transform((value) => value ?? 0),
);
const texts = z.pipe(
  z.nullish(z.array(z.string())),
  z.transform((value) => value ?? []),
);

const infoJson = z.object({
  Name: text,
  OperatingSystem: text,
  KernelVersion: text,
  Architecture: text,
  Driver: text,
  CgroupDriver: text,
  CgroupVersion: text,
  Runtimes: z.nullish(z.record(z.string(), z.unknown())),
  DefaultRuntime: text,
  SecurityOptions: texts,
  CDISpecDirs: texts,
  Containers: number,
  ContainersRunning: number,
  Images: number,
  Warnings: texts,
});
const versionJson = z.object({ Version: text, ApiVersion: text, MinAPIVersion: text });

/** The answers of `GET /info` and `GET /version`. Throws when they are not. */
export function parseEngineInfo(info: unknown, version: unknown): EngineInfo {
  const it = infoJson.parse(info);
  const { Version, ApiVersion, MinAPIVersion } = versionJson.parse(version);
  return {
    version: Version,
    apiVersion: ApiVersion,
    minApiVersion: MinAPIVersion,
    machine: it.Name,
    system: it.OperatingSystem,
    kernel: it.KernelVersion,
    architecture: it.Architecture,
    storageDriver: it.Driver,
    cgroupDriver: it.CgroupDriver,
    cgroupVersion: it.CgroupVersion,
    runtimes: Object.keys(it.Runtimes ?? {}).sort(),
    defaultRuntime: it.DefaultRuntime,
    rootless: it.SecurityOptions.some((option) => option.split(",").includes("name=rootless")),
    cdiSpecDirs: it.CDISpecDirs,
    containers: { total: it.Containers, running: it.ContainersRunning },
    images: it.Images,
    warnings: it.Warnings,
  };
}
