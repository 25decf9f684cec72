import * as l10n from "../l10n.ts";
import * as z from "zod/mini";
import { field, flag, labels, text, texts, textOrTexts, whole } from "./fields.ts";

/**
 * What Compose knows and Berth does not act on (Compose Specification, schema/compose-spec.json; build.no_cache_filter and pre_start are newer than
 * Compose 2.40). The forms are there for an editor's completion and to tell a slip; further keys within them are left to Compose, so that one which
 * is newer than this list keeps nothing from being launched.
 */

const parts = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => z.looseObject(shape);
const map = <T extends z.ZodMiniType>(value: T) => z.record(z.string(), value);
const maybe = z.optional;
const number = z.union([z.number(), text]);
const orNull = <T extends z.ZodMiniType>(schema: T) => z.union([z.null(), schema]);
const command = z.union([text, texts, z.null()]);
const one = <const Words extends readonly string[]>(...words: Words) => z.enum(words);

const options = map(number);
const hook = parts({
  command,
  user: maybe(text),
  privileged: maybe(flag),
  working_dir: maybe(text),
  environment: maybe(labels),
});
const fileInside = z.union([
  text,
  parts({ source: maybe(text), target: maybe(text), uid: maybe(text), gid: maybe(text), mode: maybe(number) }),
]);
const rates = z.array(parts({ path: maybe(text), rate: maybe(number) }));
const rollout = parts({
  parallelism: maybe(whole),
  delay: maybe(text),
  failure_action: maybe(text),
  monitor: maybe(text),
  max_failure_ratio: maybe(number),
  order: maybe(one("start-first", "stop-first")),
});
const watched = parts({
  path: text,
  action: one("rebuild", "sync", "restart", "sync+restart", "sync+exec"),
  target: maybe(text),
  ignore: maybe(textOrTexts),
  include: maybe(textOrTexts),
  exec: maybe(hook),
  initial_sync: maybe(flag),
});
const dependency = parts({
  condition: one("service_started", "service_healthy", "service_completed_successfully"),
  restart: maybe(flag),
  required: maybe(z.boolean()),
});
const attachment = parts({
  aliases: maybe(texts),
  interface_name: maybe(text),
  ipv4_address: maybe(text),
  ipv6_address: maybe(text),
  link_local_ips: maybe(texts),
  mac_address: maybe(text),
  driver_opts: maybe(options),
  priority: maybe(z.number()),
  gw_priority: maybe(z.number()),
});
const outside = z.union([flag, parts({ name: maybe(text) })]);
const network = parts({
  name: maybe(text),
  driver: maybe(text),
  driver_opts: maybe(options),
  ipam: maybe(
    parts({
      driver: maybe(text),
      config: maybe(
        z.array(
          parts({
            subnet: maybe(text),
            ip_range: maybe(text),
            gateway: maybe(text),
            aux_addresses: maybe(map(text)),
          }),
        ),
      ),
      options: maybe(map(text)),
    }),
  ),
  external: maybe(outside),
  internal: maybe(flag),
  attachable: maybe(flag),
  enable_ipv4: maybe(flag),
  enable_ipv6: maybe(flag),
  labels: maybe(labels),
});
const config = parts({
  name: maybe(text),
  file: maybe(text),
  content: maybe(text),
  environment: maybe(text),
  external: maybe(outside),
  labels: maybe(labels),
  template_driver: maybe(text),
});
const model = parts({
  name: maybe(text),
  model: text,
  context_size: maybe(z.number()),
  runtime_flags: maybe(texts),
});

const left = <T extends z.ZodMiniType>(what: string, schema: T) => field(`${what} Berth does not act on it.`, schema);

/** By the field that holds them; "" is the file. */
export const unacted = {
  "": {
    version: field("Compose ignores it nowadays.", text),
    include: left(
      "Further compose files.",
      z.array(z.union([text, parts({ path: textOrTexts, env_file: maybe(textOrTexts), project_directory: maybe(text) })])),
    ),
    networks: left("Networks of the project.", map(orNull(network))),
    configs: left("Where configs come from.", map(config)),
    models: left("AI models.", map(model)),
  },
  service: {
    attach: left("Whether docker compose up shows its output.", flag),
    blkio_config: left(
      "Limits of block devices.",
      parts({
        weight: maybe(number),
        weight_device: maybe(z.array(parts({ path: maybe(text), weight: maybe(number) }))),
        device_read_bps: maybe(rates),
        device_read_iops: maybe(rates),
        device_write_bps: maybe(rates),
        device_write_iops: maybe(rates),
      }),
    ),
    configs: left("Files inside, from the file's own configs.", z.array(fileInside)),
    cpu_count: left("Number of CPUs, on Windows.", number),
    cpu_percent: left("Share of the CPUs, on Windows.", number),
    cpu_rt_period: left("Period of the real-time scheduler.", number),
    cpu_rt_runtime: left("Share of the real-time scheduler.", number),
    credential_spec: left(
      "A managed service account, on Windows.",
      parts({ config: maybe(text), file: maybe(text), registry: maybe(text) }),
    ),
    depends_on: left("Services that start before.", z.union([texts, map(dependency)])),
    develop: left("Changes to follow.", orNull(parts({ watch: maybe(z.array(watched)) }))),
    extends: field(
      "Another service, which this one is laid over. Berth reads those of this file alone.",
      z.union([text, parts({ service: text, file: maybe(text) })]),
    ),
    external_links: left("Links to containers of others.", texts),
    isolation: left("How the container is isolated, on Windows.", text),
    label_file: left("Files with labels.", textOrTexts),
    links: left("Links to other services.", texts),
    mac_address: left("Hardware address.", text),
    models: left(
      "AI models to use.",
      z.union([texts, map(orNull(parts({ endpoint_var: maybe(text), model_var: maybe(text) })))]),
    ),
    networks: left("Networks to join.", z.union([texts, map(orNull(attachment))])),
    post_start: left("Commands after the start.", z.array(hook)),
    pre_start: left("Commands before the start.", z.array(hook)),
    pre_stop: left("Commands before the end.", z.array(hook)),
    profiles: left("When Compose starts it.", texts),
    provider: left(
      "A program that provides the service, in place of a container.",
      parts({ type: text, options: maybe(map(z.any())) }),
    ),
    pull_policy: left(
      "When the image is pulled: always, never, missing, build, daily, weekly or every_TIME.",
      text.check(
        z.regex(/^(always|never|build|if_not_present|missing|refresh|daily|weekly|every_(\d+[wdhms])+)$/, {
          error: l10n.t("It is always, never, missing, build, daily, weekly or every_TIME."),
        }),
      ),
    ),
    pull_refresh_after: left("When the image is pulled again.", text),
    scale: left("Number of containers.", whole),
    use_api_socket: left("Gives the container Docker itself.", z.boolean()),
    volumes_from: left("Containers whose mounts it has too.", texts),
  },
  build: {
    cache_to: left("Where the build's cache goes.", texts),
    entitlements: left("Rights of the build.", texts),
    isolation: left("How the build is isolated, on Windows.", text),
    no_cache: left("Builds without cache.", flag),
    no_cache_filter: left("Stages to build without cache.", textOrTexts),
    privileged: left("Gives the build all rights.", flag),
    provenance: left("Tells in the image how it was built.", z.union([z.boolean(), text])),
    pull: left("Pulls the base image again.", flag),
    sbom: left("Tells in the image what it holds.", z.union([z.boolean(), text])),
    secrets: left("Secrets of the build.", z.array(fileInside)),
    ssh: left("Keys for the build.", labels),
    tags: left("Further names of the image.", texts),
    ulimits: left("Limits of the build.", map(z.union([number, parts({ soft: number, hard: number })]))),
  },
  deploy: {
    mode: left("replicated or global.", text),
    endpoint_mode: left("How the service is found.", text),
    replicas: left("Number of containers.", whole),
    labels: left("Labels of the service, not of its containers.", labels),
    rollback_config: left("How an update is taken back.", rollout),
    update_config: left("How it is updated.", rollout),
    restart_policy: left(
      "When the container is started again.",
      parts({ condition: maybe(text), delay: maybe(text), max_attempts: maybe(whole), window: maybe(text) }),
    ),
    placement: left(
      "Where it runs.",
      parts({
        constraints: maybe(texts),
        preferences: maybe(z.array(parts({ spread: maybe(text) }))),
        max_replicas_per_node: maybe(whole),
      }),
    ),
  },
  resources: {
    limits: left("Limits of the container.", parts({ cpus: maybe(number), memory: maybe(text), pids: maybe(whole) })),
  },
  reservations: {
    cpus: left("CPUs that are kept free.", number),
    memory: left("Memory that is kept free.", text),
    generic_resources: left("Resources of a swarm.", z.array(z.any())),
  },
  volume: {
    driver: left("What holds the volume.", text),
    driver_opts: left("Options of the driver.", options),
    labels: left("Labels of the volume.", labels),
  },
  secret: {
    labels: left("Labels of the secret.", labels),
    driver: left("Where a swarm keeps it.", text),
    driver_opts: left("Options of the driver.", options),
    template_driver: left("How a swarm fills it in.", text),
  },
  port: {
    name: left("A name for people.", text),
    mode: left("host or ingress, for a swarm.", text),
    app_protocol: left("What is spoken there.", text),
  },
  mount: { consistency: left("For Docker on macOS.", text) },
  mountedVolume: { labels: left("Labels of a volume that is made.", labels) },
};

export type Holder = keyof typeof unacted;

export function namesOf(holder: Holder): string[] {
  return Object.keys(unacted[holder]);
}

/** What to do about such a field, as the second half of a sentence. */
export function remedy(holder: Holder, name: string): string {
  switch (`${holder}.${name}`) {
    case ".include":
      return l10n.t("open the folder of that file as a project of its own.");
    case ".networks":
    case "service.networks":
      return l10n.t("name a network that is there with 'network_mode' instead.");
    case ".configs":
    case "service.configs":
      return l10n.t("mount the file with 'volumes' instead.");
    case ".models":
    case "service.models":
      return l10n.t("pass the model's address with 'environment' instead.");
    case "service.cpu_count":
    case "service.cpu_percent":
      return l10n.t("write 'cpus' instead.");
    case "service.attach":
      return l10n.t("a container always runs in the background.");
    case "service.depends_on":
      return l10n.t("launch the services that it names first.");
    case "service.develop":
      return l10n.t("mount the folder with 'volumes' to have its changes inside.");
    case "service.extends":
      return l10n.t("it reads no other file, so write here what this brings.");
    case "service.label_file":
      return l10n.t("write them under 'labels' instead.");
    case "service.links":
    case "service.external_links":
      return l10n.t("name the network that both are in with 'network_mode' instead.");
    case "service.post_start":
      return l10n.t("write the commands under 'x-berth', as 'setup' or 'prepare'.");
    case "service.profiles":
      return l10n.t("the service can be launched whatever the profile.");
    case "service.pull_policy":
    case "service.pull_refresh_after":
      return l10n.t("an image that is missing is pulled, one that is there is taken.");
    case "service.scale":
    case "deploy.replicas":
      return l10n.t("a launch makes one container, and can make another beside it.");
    case "service.volumes_from":
      return l10n.t("write the mounts under 'volumes' instead.");
    case "resources.limits":
      return l10n.t("write 'mem_limit', 'cpus' and 'pids_limit' instead.");
    case "reservations.memory":
      return l10n.t("write 'mem_reservation' instead.");
    case "deploy.restart_policy":
      return l10n.t("write 'restart' instead.");
    case "volume.driver":
    case "volume.driver_opts":
    case "volume.labels":
    case "mountedVolume.labels":
      return l10n.t("make the volume with docker volume create first.");
    case "mount.consistency":
      return l10n.t("remove it, since Docker on Linux ignores it.");
  }
  if (holder === "build") return l10n.t("build the image with docker compose build if it needs this.");
  if (holder === "port") return l10n.t("it changes nothing for a single container.");
  if (holder === "secret" || holder === "deploy" || holder === "reservations")
    return l10n.t("only a swarm needs it, so remove it, or leave it to others.");
  return l10n.t("start the service with docker compose if it needs this.");
}
