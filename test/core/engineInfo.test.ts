import assert from "node:assert/strict";
import { parseEngineInfo } from "../../src/core/engineInfo.ts";

// Cut down from what 28.5 and 20.10 answer.
const info = {
  ID: "5a9e…",
  Containers: 7,
  ContainersRunning: 2,
  ContainersPaused: 1,
  ContainersStopped: 4,
  Images: 12,
  Driver: "overlay2",
  CgroupDriver: "systemd",
  CgroupVersion: "2",
  KernelVersion: "6.1.0-28-amd64",
  OperatingSystem: "Debian GNU/Linux 12 (bookworm)",
  OSType: "linux",
  Architecture: "x86_64",
  NCPU: 64,
  MemTotal: 540_000_000_000,
  Name: "gpu-server",
  HttpProxy: "http://me:hush@proxy",
  Runtimes: { runc: { path: "runc" }, nvidia: { path: "nvidia-container-runtime" }, "io.containerd.runc.v2": {} },
  DefaultRuntime: "runc",
  SecurityOptions: ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"],
  CDISpecDirs: ["/etc/cdi", "/var/run/cdi"],
  Warnings: ["WARNING: No swap limit support"],
};
const version = { Version: "28.5.2", ApiVersion: "1.51", MinAPIVersion: "1.24", Os: "linux", Arch: "amd64" };

describe("what an engine says of itself", () => {
  it("is read", () => {
    assert.deepEqual(parseEngineInfo(info, version), {
      version: "28.5.2",
      apiVersion: "1.51",
      minApiVersion: "1.24",
      machine: "gpu-server",
      system: "Debian GNU/Linux 12 (bookworm)",
      kernel: "6.1.0-28-amd64",
      architecture: "x86_64",
      storageDriver: "overlay2",
      cgroupDriver: "systemd",
      cgroupVersion: "2",
      runtimes: ["io.containerd.runc.v2", "nvidia", "runc"],
      defaultRuntime: "runc",
      rootless: true,
      cdiSpecDirs: ["/etc/cdi", "/var/run/cdi"],
      containers: { total: 7, running: 2 },
      images: 12,
      warnings: ["WARNING: No swap limit support"],
    });
  });

  it("is read of engines that say less", () => {
    assert.deepEqual(parseEngineInfo({ Runtimes: null, Warnings: null, SecurityOptions: null }, { Version: "20.10.24" }), {
      version: "20.10.24",
      apiVersion: "",
      minApiVersion: "",
      machine: "",
      system: "",
      kernel: "",
      architecture: "",
      storageDriver: "",
      cgroupDriver: "",
      cgroupVersion: "",
      runtimes: [],
      defaultRuntime: "",
      rootless: false,
      cdiSpecDirs: [],
      containers: { total: 0, running: 0 },
      images: 0,
      warnings: [],
    });
  });

  it("is refused when it is something else", () => assert.throws(() => parseEngineInfo("<html>", {})));
});
