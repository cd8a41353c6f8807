/**
 * The status as metrics, in the text format of Prometheus (version 0.0.4): the same value that `vipd status` shows. States of instances are
 * numbers as keepalived's exporters have them: 0 init, 1 backup, 2 master, 3 fault. Times are seconds since 1970. No label is named
 * `instance` or `job`: Prometheus puts its own there.
 */
import type { ServiceStatus, Status } from "../daemon/status.ts";
import type { RouterStatus } from "../vrrp/status.ts";

type Labels = Readonly<Record<string, string | number>>;
type Sample = readonly [labels: Labels, value: number | undefined];
type Metric = {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly samples: readonly Sample[];
};

/** @param status undefined: vipd does not answer */
export function renderMetrics(status: Status | undefined): string {
  const up = gauge("vipd_up", "Whether vipd answers.", [[{}, status === undefined ? 0 : 1]]);
  const metrics = status === undefined ? [up] : [up, ...daemon(status), ...vrrp(status), ...balancing(status)];
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(text)
    .join("");
}

function daemon(status: Status): readonly Metric[] {
  const { config, mail, processes } = status;
  return [
    gauge("vipd_info", "Version and host.", [[{ version: status.version, host: status.host, boot: status.boot }, 1]]),
    gauge("vipd_running_since_seconds", "When vipd was started.", [[{}, wallOf(status, status.sinceMs)]]),
    gauge("vipd_ready", "Whether a configuration is in force and vipd is not stopping.", [
      [{}, status.state === "running" || status.state === "reloading" ? 1 : 0],
    ]),
    gauge("vipd_config_loaded_seconds", "When the configuration in force was loaded.", [
      [{}, config === undefined ? undefined : config.loadedWallMs / 1000],
    ]),
    gauge("vipd_config_fallback", "Whether the last good configuration is in force, for the file is broken.", [
      [{}, config === undefined ? undefined : Number(config.fallback !== undefined)],
    ]),
    gauge("vipd_config_refused", "Whether the last reload was refused.", [
      [{}, config === undefined ? undefined : Number(config.refused !== undefined)],
    ]),
    gauge("vipd_config_warnings", "Warnings about the file.", [[{}, config?.warnings.length]]),
    gauge("vipd_process_ready", "Whether a process works.", [
      ...processes.map((one): Sample => [{ process: one.name }, Number(one.state === "ready")]),
    ]),
    counter("vipd_process_restarts_total", "How often a process had to be started again.", [
      ...processes.map((one): Sample => [{ process: one.name }, one.restarts]),
    ]),
    gauge("vipd_mail_waiting", "Letters in the spool.", [[{}, mail.waiting]]),
    gauge("vipd_mail_held", "Letters in memory only, for the spool cannot be written.", [[{}, mail.held]]),
    counter("vipd_mail_lost_total", "Letters that were neither kept nor sent.", [[{}, mail.lost]]),
    counter("vipd_mail_delivered_total", "Letters that a relay took.", [[{}, mail.delivered]]),
    counter("vipd_mail_refused_total", "Letters that a relay refused for good.", [[{}, mail.refused]]),
    counter("vipd_log_lines_lost_total", "Log lines that nobody read.", [[{}, status.logLinesLost]]),
    counter("vipd_events_total", "Events so far.", [[{}, status.lastSeq]]),
  ];
}

const STATES: Readonly<Record<RouterStatus["state"], number>> = { INIT: 0, BACKUP: 1, MASTER: 2, FAULT: 3, STOP: 0 };

function vrrp(status: Status): readonly Metric[] {
  const routers = status.vrrp?.routers ?? [];
  const each = (value: (router: (typeof routers)[number]) => number): readonly Sample[] =>
    routers.map(
      (router): Sample => [{ vrrp_instance: router.name, interface: router.link, vrid: router.vrid }, value(router)],
    );
  const lateness = status.vrrp?.lateness;
  return [
    gauge(
      "vipd_vrrp_state",
      "State of an instance: 0 init, 1 backup, 2 master, 3 fault.",
      each(({ state }) => STATES[state]),
    ),
    gauge(
      "vipd_vrrp_since_seconds",
      "Since when an instance has its state.",
      each(({ sinceMs }) => wallOf(status, sinceMs)),
    ),
    gauge(
      "vipd_vrrp_priority",
      "Priority in force.",
      each(({ priority }) => priority),
    ),
    gauge(
      "vipd_vrrp_base_priority",
      "Priority as configured.",
      each(({ basePriority }) => basePriority),
    ),
    gauge(
      "vipd_vrrp_contested",
      "Whether another master is heard.",
      each(({ contested }) => Number(contested !== undefined)),
    ),
    counter(
      "vipd_vrrp_adverts_sent_total",
      "Adverts sent.",
      each(({ adverts }) => adverts.sent),
    ),
    counter(
      "vipd_vrrp_adverts_received_total",
      "Adverts received.",
      each(({ adverts }) => adverts.received),
    ),
    counter(
      "vipd_vrrp_became_master_total",
      "How often an instance became master.",
      each(({ transitions }) => transitions.toMaster),
    ),
    counter(
      "vipd_vrrp_released_master_total",
      "How often an instance ceased to be master.",
      each(({ transitions }) => transitions.fromMaster),
    ),
    counter("vipd_vrrp_packets_dropped_total", "Packets that were not understood or not for us, by reason.", [
      ...routers.flatMap((router) =>
        Object.entries(router.dropped).map(
          ([reason, count]): Sample => [{ vrrp_instance: router.name, reason }, count],
        ),
      ),
    ]),
    gauge("vipd_vrrp_address_present", "Whether a virtual address is on its interface here.", [
      ...routers.flatMap((router) =>
        router.addresses.map(
          ({ address, device, present }): Sample => [
            { vrrp_instance: router.name, address, interface: device },
            Number(present),
          ],
        ),
      ),
    ]),
    gauge("vipd_vrrp_group_state", "State of a sync group, as of an instance.", [
      ...(status.vrrp?.groups ?? []).map(({ name, state }): Sample => [{ group: name }, STATES[state]]),
    ]),
    gauge("vipd_vrrp_timer_late_seconds", "By how much timers of the vrrp process were late.", [
      [{ quantile: "0.5" }, seconds(lateness?.p50Ms)],
      [{ quantile: "0.99" }, seconds(lateness?.p99Ms)],
      [{ quantile: "1" }, seconds(lateness?.worstMs)],
    ]),
    gauge("vipd_script_up", "Whether a tracked script succeeds.", [
      ...status.scripts.map(({ name, state }): Sample => [{ script: name }, known(state)]),
    ]),
    counter("vipd_script_runs_total", "How often a tracked script ran.", [
      ...status.scripts.map(({ name, runs }): Sample => [{ script: name }, runs]),
    ]),
  ];
}

function balancing(status: Status): readonly Metric[] {
  const names = distinct(status.services.map(({ name }) => name)); // a mark is named alike for IPv4 and IPv6
  const services = status.services.map((service, at) => ({ ...service, name: names[at] ?? "" }));
  const each = (value: (service: ServiceStatus) => number): readonly Sample[] =>
    services.map((service): Sample => [{ service: service.name }, value(service)]);
  const servers = services.flatMap((service) =>
    service.servers.map((server) => ({ server, labels: { service: service.name, server: server.name } })),
  );
  const checks = servers.flatMap(({ server, labels }) => {
    const kinds = distinct(server.checks.map(({ id }) => kindOf(id)));
    return server.checks.map((check, at) => ({ check, labels: { ...labels, check: kinds[at] ?? "" } }));
  });
  return [
    gauge("vipd_ipvs_writable", "Whether the kernel's table can be written.", [
      [{}, services.length === 0 ? undefined : Number(status.ipvsProblem === undefined)],
    ]),
    gauge(
      "vipd_service_up",
      "Whether a virtual server has its quorum.",
      each(({ state }) => Number(state === "up")),
    ),
    gauge(
      "vipd_service_weight",
      "Weights of the real servers that are up, together.",
      each(({ weight }) => weight),
    ),
    gauge(
      "vipd_service_quorum",
      "Quorum of a virtual server.",
      each(({ quorum }) => quorum),
    ),
    gauge("vipd_service_sorry", "Whether the sorry server answers.", [
      ...services.flatMap(({ name, sorryServer }): readonly Sample[] =>
        sorryServer === undefined ? [] : [[{ service: name }, Number(sorryServer.active)]],
      ),
    ]),
    gauge("vipd_server_up", "Whether a real server is up.", [
      ...servers.map(({ server, labels }): Sample => [labels, Number(server.state === "up")]),
    ]),
    gauge("vipd_server_weight", "Weight of a real server.", [
      ...servers.map(({ server, labels }): Sample => [labels, server.weight]),
    ]),
    gauge("vipd_check_up", "Whether a check succeeds.", [
      ...checks.map(({ check, labels }): Sample => [labels, known(check.state)]),
    ]),
    gauge("vipd_check_cannot_ask", "Whether this machine cannot make a check; its state is then an old one.", [
      ...checks.map(({ check, labels }): Sample => [labels, Number(check.trouble)]),
    ]),
    gauge("vipd_check_seconds", "How long the last check took.", [
      ...checks.map(({ check, labels }): Sample => [labels, seconds(check.tookMs)]),
    ]),
    counter("vipd_check_runs_total", "How often a check ran.", [
      ...checks.map(({ check, labels }): Sample => [labels, check.runs]),
    ]),
    counter("vipd_check_failures_total", "How often a check failed.", [
      ...checks.map(({ check, labels }): Sample => [labels, check.failures]),
    ]),
  ];
}

/** `TCP_CHECK`, `TCP_CHECK 2`: samples with the same labels would be one to Prometheus. */
function distinct(names: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} ${count}`;
  });
}

/** The word before the last of a check's id. */
function kindOf(id: string): string {
  return id.split(" ").at(-2) ?? id;
}

function known(state: "up" | "down" | "unknown"): number | undefined {
  return state === "unknown" ? undefined : Number(state === "up");
}

/** CLOCK_BOOTTIME ms to seconds since 1970. */
function wallOf({ at }: Status, monotonicMs: number): number {
  return (at.wallMs - (at.monotonicMs - monotonicMs)) / 1000;
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

/** Samples without a value are left out. */
function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, type: "gauge", help, samples: samples.filter(([, value]) => value !== undefined) };
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { ...gauge(name, help, samples), type: "counter" };
}

function text({ name, type, help, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
