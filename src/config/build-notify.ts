/** Who is told what: notify scripts, FIFOs, mail switches. */
import type {
  CommandSettings,
  FifoSettings,
  InstanceNotify,
  NotifySettings,
  ServerNotify,
  ServiceNotify,
} from "../notify/settings.ts";
import { booleanOf, find, has } from "./access.ts";
import { commandIn } from "./build-command.ts";
import type { BuiltRouter } from "./build-router.ts";
import type { BuiltService } from "./build-service.ts";
import { hint, type Report } from "./problems.ts";
import { placeOf, type Statement } from "./statement.ts";

/** A notify script that runs longer is killed; keepalived has no such limit. */
const SCRIPT_TIMEOUT_MS = 60_000;

export type NotifyParts = {
  readonly defs: Statement;
  readonly routers: readonly BuiltRouter[];
  readonly groups: readonly Statement[];
  readonly services: readonly BuiltService[];
};

export function buildNotify({ defs, routers, groups, services }: NotifyParts, report: Report): NotifySettings {
  const everywhere = booleanOf(defs, "smtp_alert");
  const vrrpMail = booleanOf(defs, "smtp_alert_vrrp") ?? everywhere ?? false;
  const checkerMail = booleanOf(defs, "smtp_alert_checker") ?? everywhere;
  const changes = booleanOf(defs, "vrrp_notify_priority_changes") ?? false;
  const built = routers.filter(({ settings }) => settings !== undefined);
  const account = find(defs, "script_user");
  return {
    instances: [
      ...built.map(({ name, block }) => instanceNotify("instance", name, block, vrrpMail, changes, report)),
      ...groups.map((block) => instanceNotify("group", block.words[1] ?? "", block, vrrpMail, changes, report)),
    ],
    ...servicesNotify(services, checkerMail, report),
    fifos: {
      all: fifoOf(defs, "notify_fifo", report),
      vrrp: fifoOf(defs, "vrrp_notify_fifo", report),
      lvs: fifoOf(defs, "lvs_notify_fifo", report),
    },
    scriptUser: account?.words[1] === undefined ? undefined : { user: account.words[1], group: account.words[2] },
    scriptSecurity: has(defs, "enable_script_security"),
    scriptTimeoutMs: SCRIPT_TIMEOUT_MS,
  };
}

function instanceNotify(
  kind: "instance" | "group",
  name: string,
  block: Statement,
  mail: boolean,
  changes: boolean,
  report: Report,
): InstanceNotify {
  const script = (keyword: string) => commandIn(block, keyword, report);
  return {
    kind,
    name,
    master: script("notify_master"),
    backup: script("notify_backup"),
    fault: script("notify_fault"),
    stop: script("notify_stop"),
    deleted: script("notify_deleted"),
    reportDeleted: has(block, "notify_deleted"),
    masterRxLowerPriority: script("notify_master_rx_lower_pri"),
    generic: script("notify"),
    mail: booleanOf(block, "smtp_alert") ?? mail,
    priorityChanges: booleanOf(block, "notify_priority_changes") ?? changes,
  };
}

type ServicesNotify = Pick<NotifySettings, "services" | "servers">;

type Made = { readonly service: ServiceNotify; readonly servers: readonly ServerNotify[] };

/** What was built without a remark, so that it is the same object the next time (`memory.ts`), unless something else would be built. */
const builtBefore = new WeakMap<
  BuiltService,
  { readonly made: Made; readonly mail: boolean | undefined; readonly at: string }
>();

function servicesNotify(built: readonly BuiltService[], mail: boolean | undefined, report: Report): ServicesNotify {
  const services: ServiceNotify[] = [];
  const servers: ServerNotify[] = [];
  for (const one of built) {
    const { service, servers: of } = madeOf(one, mail, report);
    services.push(service);
    for (const server of of) servers.push(server);
  }
  return { services, servers };
}

function madeOf(built: BuiltService, mail: boolean | undefined, report: Report): Made {
  const before = builtBefore.get(built);
  const at = placeOf(built.block);
  if (before !== undefined && before.mail === mail && (before.at === at || !hasCommands(before.made)))
    return before.made;
  const reports = report.count();
  const service = serviceNotify(built, mail ?? false, report);
  const made: Made = { service, servers: serverNotifies(built, mail ?? true, report) };
  if (report.count() === reports) builtBefore.set(built, { made, mail, at });
  return made;
}

/** A command knows where it stands. */
function hasCommands({ service, servers }: Made): boolean {
  return [service.quorumUp, service.quorumDown, ...servers.flatMap(({ up, down }) => [up, down])].some(
    (command) => command !== undefined,
  );
}

function serviceNotify({ settings, block }: BuiltService, mail: boolean, report: Report): ServiceNotify {
  return {
    service: settings.name,
    quorumUp: commandIn(block, "quorum_up", report),
    quorumDown: commandIn(block, "quorum_down", report),
    mail: booleanOf(block, "smtp_alert") ?? mail,
    omega: settings.omega,
  };
}

function serverNotifies(
  { settings: service, servers }: BuiltService,
  mail: boolean,
  report: Report,
): readonly ServerNotify[] {
  return servers.map(({ settings, block }) => ({
    service: service.name,
    server: settings.name,
    up: commandIn(block, "notify_up", report),
    down: commandIn(block, "notify_down", report),
    mail: booleanOf(block, "smtp_alert") ?? mail,
  }));
}

function fifoOf(defs: Statement, name: string, report: Report): FifoSettings | undefined {
  const [, path, user, group] = find(defs, name)?.words ?? [];
  const script: CommandSettings | undefined = commandIn(defs, `${name}_script`, report);
  const statement = find(defs, `${name}_script`);
  if (path === undefined && statement !== undefined)
    report.at(statement, 0, hint("VIPD025", `${name}_script has no ${name} to read`, `add ${name} PATH`));
  return path === undefined ? undefined : { path, user, group, script };
}
