/** Lines of `virtual_ipaddress`: an address and its options (the rows `@address` of the table). */
import { bitsOf, familyOf, type Ip, parseIp } from "../base/address.ts";
import type { VirtualAddress } from "../vrrp/settings.ts";
import { grammar } from "./grammar.ts";
import { doubtful, nearest, type Report, warning, wrong } from "./problems.ts";
import type { Statement } from "./statement.ts";

const scopes: Readonly<Record<string, number>> = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 };
const options = new Set(grammar.optionsOf("@address"));
const unsupported = new Set(["-nodad", "mngtmpaddr", "autojoin", "use_vmac", "track_group"]);

/** Options while they are read; what they mean is in `VirtualAddress`. */
type Draft = { -readonly [K in keyof VirtualAddress]: VirtualAddress[K] };

/** @param link the interface of the instance, for addresses without `dev` */
export function addressOf(line: Statement, link: string, report: Report): VirtualAddress | undefined {
  const [first = ""] = line.words;
  const prefix = prefixOf(line, first, report);
  if (prefix === undefined) return undefined;
  const draft: Draft = {
    ip: prefix.ip,
    length: prefix.length,
    link,
    scope: 0,
    label: undefined,
    broadcast: undefined,
    peer: undefined,
    noPrefixRoute: false,
    home: false,
    preferredSeconds: undefined,
    track: true,
  };
  for (let i = 1; i < line.words.length; ) i += option(draft, line, i, report);
  return draft;
}

/** @returns how many words it took */
function option(draft: Draft, line: Statement, at: number, report: Report): number {
  const name = line.words[at] ?? "";
  const value = line.words[at + 1];
  switch (name) {
    case "noprefixroute":
      draft.noPrefixRoute = true;
      return 1;
    case "home":
      draft.home = true;
      return 1;
    case "no_track":
      draft.track = false;
      return 1;
    case "-nodad":
    case "mngtmpaddr":
    case "autojoin":
    case "use_vmac":
      report.at(line, at, warning("VIPD008", `${name} is not honoured yet`, "the address is added without it"));
      return 1;
  }
  if (!options.has(name)) {
    const near = nearest(name, options);
    const remedy =
      parseIp(name.split("/")[0] ?? "") !== undefined
        ? "write each address on a line of its own"
        : near === undefined
          ? "remove it"
          : `did you mean ${near}?`;
    report.at(line, at, wrong("VIPD001", `unknown word ${name} after the address ${line.words[0]}`, remedy));
    return line.words.length;
  }
  if (value === undefined) {
    report.at(line, at + 1, wrong("VIPD002", `${name} lacks its value`, `write ${name} VALUE`));
    return 1;
  }
  setOption(draft, line, at, value, report);
  return 2;
}

function setOption(draft: Draft, line: Statement, at: number, value: string, report: Report): void {
  const name = line.words[at] ?? "";
  switch (name) {
    case "dev":
      draft.link = value;
      return;
    case "label":
      draft.label = labelOf(line, at, value, draft.ip, report);
      return;
    case "scope":
      draft.scope =
        scopes[value] ??
        numberUpTo(value, 255) ??
        complain(line, at, value, "site, link, host, nowhere, global or a number", 0, report);
      return;
    case "broadcast":
    case "brd":
      draft.broadcast = broadcastOf(line, at, value, draft, report);
      return;
    case "peer":
      draft.peer = parseIp(value.split("/")[0] ?? "") ?? complain(line, at, value, "an IP address", undefined, report);
      return;
    case "preferred_lft":
      draft.preferredSeconds =
        value === "forever"
          ? undefined
          : (numberUpTo(value, 4_294_967_295) ?? complain(line, at, value, "seconds or forever", undefined, report));
      return;
    default:
      if (unsupported.has(name))
        report.at(line, at, warning("VIPD008", `${name} is not honoured yet`, "the address is added without it"));
  }
}

function prefixOf(
  line: Statement,
  text: string,
  report: Report,
): { readonly ip: Ip; readonly length: number } | undefined {
  const [address = "", suffix] = text.split("/", 2);
  const ip = parseIp(address);
  if (ip === undefined) {
    report.at(
      line,
      0,
      wrong("VIPD021", `${text} is not an IP address`, "write an address such as 192.0.2.1/24 or 2001:db8::1/64"),
    );
    return undefined;
  }
  const bits = bitsOf(familyOf(ip));
  const length = suffix === undefined ? bits : numberUpTo(suffix, bits);
  if (length !== undefined) return { ip, length };
  report.at(
    line,
    0,
    wrong(
      "VIPD021",
      `${text} has no prefix length from 0 to ${bits}`,
      `write ${address}/${bits}, or the length of its network`,
    ),
  );
  return { ip, length: bits };
}

function labelOf(line: Statement, at: number, label: string, ip: Ip, report: Report): string | undefined {
  if (ip.includes(":")) {
    report.at(line, at, doubtful("VIPD015", "a label is for IPv4 addresses only", "remove it"));
    return undefined;
  }
  if (label.length <= 15) return label;
  return complain(line, at, label, "at most 15 characters", undefined, report);
}

function broadcastOf(
  line: Statement,
  at: number,
  value: string,
  { ip, length }: Draft,
  report: Report,
): Ip | undefined {
  if (value === "-") return undefined;
  if (value !== "+") return parseIp(value) ?? complain(line, at, value, "an IPv4 address, + or -", undefined, report);
  const bytes = ip.split(".").map(Number);
  return parseIp(bytes.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, length - 8 * i)))).join("."));
}

function numberUpTo(text: string, max: number): number | undefined {
  return /^\d+$/.test(text) && Number(text) <= max ? Number(text) : undefined;
}

function complain<T>(line: Statement, at: number, value: string, expected: string, fallback: T, report: Report): T {
  report.at(line, at + 1, wrong("VIPD003", `${line.words[at]} ${value} is not ${expected}`, `write ${expected}`));
  return fallback;
}
