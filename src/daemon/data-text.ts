/**
 * keepalived.data, which SIGUSR1 asks for (behaviour 89, 90): the part on VRRP, laid out as exporters and the admins' own scripts read it.
 * Pure: status and configuration in, text out. What only keepalived's insides explain is left out, and so are passwords.
 */
import { familyOf } from "../base/address.ts";
import type { Config } from "../config/config.ts";
import type { TrackScriptSettings } from "../notify/settings.ts";
import type { RouterSettings, VirtualAddress } from "../vrrp/settings.ts";
import type { GroupStatus, RouterStatus } from "../vrrp/status.ts";
import type { Status } from "./status.ts";

export function dataText(status: Status, config: Config | undefined): string {
  const routers = status.vrrp?.routers ?? [];
  const groups = status.vrrp?.groups ?? [];
  const settingsOf = new Map(config?.vrrp.routers.map((one) => [one.key, one]));
  const scripts = config?.scripts ?? [];
  const lines = [
    "------< Global definitions >------",
    ` Router ID = ${config?.global.routerId ?? ""}`,
    "------< VRRP Topology >------",
    ...routers.flatMap((one) => routerLines(one, settingsOf.get(one.key), status)),
    ...section(
      "VRRP Scripts",
      scripts.flatMap((one) => scriptLines(one, config, status)),
    ),
    ...section("VRRP Sync groups", groups.flatMap(groupLines)),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`------< ${title} >------`, ...lines];
}

function routerLines(one: RouterStatus, settings: RouterSettings | undefined, { at }: Status): readonly string[] {
  const wanted = one.state === "MASTER" ? "MASTER" : "BACKUP";
  const sinceMs = at.wallMs - (at.monotonicMs - one.sinceMs);
  return [
    ` VRRP Instance = ${one.name}`,
    `   VRRP Version = ${one.version}`,
    ...(one.group === undefined ? [] : [`   Sync group = ${one.group}`]),
    `   State = ${one.state}`,
    `   Wantstate = ${wanted}`,
    `   Last transition = ${(sinceMs / 1000).toFixed(6)} (${new Date(sinceMs).toISOString()})`,
    `   Master down timer = ${Math.round(one.masterDownMs * 1000)} usecs`,
    `   Interface = ${one.link}`,
    ...garpLines(settings),
    `   Virtual Router ID = ${one.vrid}`,
    `   Priority = ${one.basePriority}`,
    `   Effective priority = ${one.priority}`,
    `   Total priority = ${one.priority}`,
    `   Advert interval = ${one.version === 2 ? `${one.intervalMs / 1000} sec` : `${one.intervalMs} milli-sec`}`,
    ...(settings === undefined ? [] : [`   Preempt = ${settings.preempt ? "enabled" : "disabled"}`]),
    ...addressLines(one, settings),
  ];
}

function garpLines(settings: RouterSettings | undefined): readonly string[] {
  if (settings === undefined) return [];
  const { garp } = settings;
  return [
    `   Gratuitous ARP delay = ${garp.delayMs / 1000}`,
    `   Gratuitous ARP repeat = ${garp.repeat}`,
    `   Gratuitous ARP refresh = ${garp.refreshMs / 1000}`,
    `   Gratuitous ARP refresh repeat = ${garp.refreshRepeat}`,
    `   Gratuitous ARP lower priority delay = ${garp.lowerPrioDelayMs / 1000}`,
    `   Gratuitous ARP lower priority repeat = ${garp.lowerPrioRepeat}`,
    `   Down timer adverts = ${settings.downAdverts}`,
  ];
}

const SCOPES: Readonly<Record<number, string>> = { 0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere" };

function addressLines({ addresses }: RouterStatus, settings: RouterSettings | undefined): readonly string[] {
  const present = new Set(addresses.filter((one) => one.present).map(({ address, device }) => `${address} ${device}`));
  const line = (one: VirtualAddress) => {
    const whole = one.length === (familyOf(one.ip) === "ipv4" ? 32 : 128);
    const isSet = present.has(`${one.ip}/${one.length} ${one.link}`);
    return [
      `     ${one.ip}${whole ? "" : `/${one.length}`} dev ${one.link} scope ${SCOPES[one.scope] ?? one.scope}`,
      ...(one.label === undefined ? [] : [`label ${one.label}`]),
      ...(isSet ? ["set"] : []),
    ].join(" ");
  };
  const [held, excluded] = [settings?.addresses ?? [], settings?.excluded ?? []];
  return [
    ...(held.length === 0 ? [] : [`   Virtual IP (${held.length}):`, ...held.map(line)]),
    ...(excluded.length === 0 ? [] : ["   Virtual IP Excluded :", ...excluded.map(line)]),
  ];
}

function scriptLines(script: TrackScriptSettings, config: Config | undefined, { scripts }: Status): readonly string[] {
  const known = scripts.find(({ name }) => name === script.name);
  const trackers = (config?.vrrp.routers ?? []).flatMap((router) =>
    router.trackers
      .filter(({ tracker, id }) => tracker === "script" && id === script.name)
      .map(({ weight, reverse }) => `     ${router.name}, weight ${weight}${reverse ? " reverse" : ""}`),
  );
  return [
    ` VRRP Script = ${script.name}`,
    `   Command = '${script.command.argv[0] ?? ""}'`, // its arguments may be secrets, and everybody may read this
    `   Interval = ${script.intervalMs / 1000} sec`,
    `   Timeout = ${script.timeoutMs / 1000} sec`,
    `   Weight = ${script.weight}${script.reverse ? " reverse" : ""}`,
    `   Rise = ${script.rise}`,
    `   Fall = ${script.fall}`,
    `   Status = ${known?.state === "up" ? "GOOD" : known?.state === "down" ? "BAD" : "INIT"}`,
    "   Tracking instances :",
    ...trackers,
    `   State = ${known?.running === true ? "running" : "idle"}`,
  ];
}

function groupLines({ name, state, members }: GroupStatus): readonly string[] {
  return [
    ` VRRP Sync Group = ${name}, ${state}`,
    "   VRRP member instances :",
    ...members.map((member) => `     ${member}`),
  ];
}
