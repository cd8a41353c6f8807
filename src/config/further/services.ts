/** Groups of services, and the checks that no probe runs yet. */
import { type Ip, ipFromBytes, ipToBytes, parseIp } from "../../base/address.ts";
import { defaultOf } from "../access.ts";
import type { Line, Meaning, Written } from "../written/setting.ts";
import { type Block, blocksIn, isOn, numberIn, prefixOf, rootOf } from "./reading.ts";
import type { FurtherCheck, GroupEntry, ServiceGroup } from "./settings.ts";

export function serviceGroupsOf(written: Written): readonly ServiceGroup[] {
  const used = new Set(
    blocksIn(rootOf(written), "virtual_server").flatMap(({ names }) => (names[0] === "group" ? [names[1] ?? ""] : [])),
  );
  return written.flatMap(({ keyword, value }) => {
    if (keyword !== "virtual_server_group" || value.type !== "lines") return [];
    const name = value.names[0] ?? "";
    return [{ name, entries: value.lines.flatMap(entryOf), used: used.has(name) }];
  });
}

function entryOf({ subject = "", options }: Line): readonly GroupEntry[] {
  const [second, third] = options.map(({ name }) => name);
  if (subject === "fwmark") {
    const family = third === "inet" ? "ipv4" : third === "inet6" ? "ipv6" : undefined;
    return [{ type: "fwmark", mark: Number(second), family }];
  }
  const port = Number(second ?? 0);
  if (subject.includes("/")) {
    const network = prefixOf(subject);
    return network === undefined ? [] : [{ type: "network", network, port }];
  }
  const [from = "", to] = subject.split("-", 2);
  const first = parseIp(from);
  const last = first === undefined ? undefined : lastOf(first, to);
  return first === undefined || last === undefined ? [] : [{ type: "addresses", first, last, port }];
}

/** The end of a range is a whole address, or its last number only: decimal in IPv4, hexadecimal in IPv6. */
function lastOf(first: Ip, to: string | undefined): Ip | undefined {
  if (to === undefined) return first;
  const whole = parseIp(to);
  if (whole !== undefined) return whole;
  const bytes = Uint8Array.from(ipToBytes(first));
  const number = Number.parseInt(to, bytes.length === 4 ? 10 : 16);
  if (!(number >= 0 && number <= (bytes.length === 4 ? 255 : 0xffff))) return undefined;
  bytes[bytes.length - 1] = number & 0xff;
  if (bytes.length === 16) bytes[14] = number >> 8;
  return ipFromBytes(bytes);
}

const RUN = new Set(["TCP_CHECK", "HTTP_GET"]);
const COMMON = new Set([
  "delay_loop",
  "connect_timeout",
  "retry",
  "nb_get_retry",
  "delay_before_retry",
  "warmup",
  "alpha",
]);

/** What a check does not say, its server says, then its service, then the table. */
export function furtherChecksOf(root: Block): readonly FurtherCheck[] {
  return blocksIn(root, "virtual_server").flatMap((service) =>
    blocksIn(service, "real_server").flatMap((server) =>
      [...server.inside.keys()]
        .filter((type) => !RUN.has(type) || service.names[0] === "group")
        .flatMap((type) => blocksIn(server, type).map((check) => checkOf(type, check, server, service))),
    ),
  );
}

function checkOf(type: string, check: Block, server: Block, service: Block): FurtherCheck {
  const said = (keyword: string) =>
    numberIn(check, keyword) ?? numberIn(server, keyword) ?? numberIn(service, keyword) ?? undefined;
  const intervalMs = said("delay_loop") ?? defaultOf(service.inside, "delay_loop");
  const ownDefault = (keyword: string) => {
    const text = check.inside.get(keyword)?.entry.default ?? "";
    return /^\d/.test(text) ? defaultOf(check.inside, keyword) : undefined;
  };
  return {
    service: service.names.join(" "),
    server: server.names.join(" "),
    type,
    intervalMs,
    timeoutMs: check.inside.has("connect_timeout")
      ? (said("connect_timeout") ?? defaultOf(service.inside, "connect_timeout"))
      : undefined,
    retries: numberIn(check, "nb_get_retry") ?? said("retry") ?? ownDefault("retry") ?? 0,
    retryDelayMs: said("delay_before_retry") ?? ownDefault("delay_before_retry") ?? intervalMs,
    warmupMs: said("warmup") ?? intervalMs,
    alpha: isOn(check, "alpha") ?? isOn(server, "alpha") ?? isOn(service, "alpha") ?? false,
    own: Object.fromEntries(
      check.body.flatMap(({ keyword, value }) => (COMMON.has(keyword) ? [] : [[keyword, plainOf(value)]])),
    ),
  };
}

function plainOf(value: Meaning): string | number | boolean | readonly string[] {
  switch (value.type) {
    case "flag":
      return true;
    case "switch":
      return value.on;
    case "number":
      return value.number;
    case "duration":
      return value.ms;
    case "ip":
      return value.ip;
    case "text":
      return value.text;
    case "expression":
      return value.written;
    case "words":
      return value.words;
    case "weight":
      return value.weight;
    case "command":
      return value.argv;
    case "block":
    case "lines":
      return value.names;
  }
}
