/**
 * Lines that vipd reads and does not honour yet: routes, rules, unicast peers, BFD sessions, groups of services. They are checked all
 * the same, so that a file is as right for vipd as for keepalived.
 */
import { parseIp } from "../base/address.ts";
import { find, findAll, has } from "./access.ts";
import { addressOf } from "./build-address.ts";
import { checkBlocks } from "./check-blocks.ts";
import { checkInstances } from "./check-instances.ts";
import { grammar } from "./grammar.ts";
import { doubtful, nearest, type Report, wrong } from "./problems.ts";
import type { Statement } from "./statement.ts";

export function checkLines(statements: readonly Statement[], report: Report): void {
  checkBlocks(statements, report);
  checkInstances(statements, report);
  checkGarpGroups(statements, report);
  checkTracked(statements, report);
  for (const statement of statements) {
    const takes = statement.rule?.entry.takes;
    if (takes?.form === "lines") for (const line of statement.body ?? []) checkLine(line, statement, report);
    else if (statement.rule?.name === "bfd_instance") checkBfd(statement, report);
    else if (statement.rule?.name === "vrrp_instance") checkBlocksOf(statement, report);
    if (statement.rule?.name === "virtual_server_group" && statement.body?.length === 0) {
      report.at(
        statement,
        1,
        doubtful(
          "VIPD012",
          `virtual_server_group ${statement.words[1] ?? ""} has no entries`,
          "add an address and port, or remove it",
        ),
      );
    }
  }
}

function checkBlocksOf(instance: Statement, report: Report): void {
  for (const block of instance.body ?? []) {
    if (block.rule?.entry.takes.form === "lines") for (const line of block.body ?? []) checkLine(line, block, report);
  }
}

/** Which block defines what a track_* block lists. Scripts are looked up where they are built. */
const definitions: readonly (readonly [list: string, blocks: readonly string[]])[] = [
  ["track_file", ["track_file", "vrrp_track_file"]],
  ["track_process", ["vrrp_track_process"]],
  ["track_bfd", ["bfd_instance"]],
];

function checkTracked(statements: readonly Statement[], report: Report): void {
  for (const [list, blocks] of definitions) {
    const known = new Set(
      statements.filter(({ rule }) => blocks.includes(rule?.name ?? "")).map(({ words }) => words[1] ?? ""),
    );
    const owners = statements.filter(({ rule }) => rule?.name === "vrrp_instance" || rule?.name === "vrrp_sync_group");
    for (const line of owners.flatMap((owner) => findAll(owner, list)).flatMap(({ body }) => body ?? [])) {
      const name = line.words[0] ?? "";
      if (known.has(name)) continue;
      const near = nearest(name, known);
      const remedy = near === undefined ? `define it in a ${blocks[0]} block` : `did you mean ${near}?`;
      report.at(line, 0, wrong("VIPD013", `${list} names ${name}, which is not defined`, remedy));
    }
  }
}

/** An interface keeps the pace of one group only. */
function checkGarpGroups(statements: readonly Statement[], report: Report): void {
  const seen = new Set<string>();
  for (const group of statements.filter(({ rule }) => rule?.name === "garp_group")) {
    const named = [
      ...findAll(group, "interface").map((statement) => ({ statement, word: 1 })),
      ...findAll(group, "interfaces").flatMap(({ body }) => (body ?? []).map((statement) => ({ statement, word: 0 }))),
    ];
    for (const { statement, word } of named) {
      const name = statement.words[word] ?? "";
      if (seen.has(name))
        report.at(
          statement,
          word,
          doubtful("VIPD014", `${name} is in a garp_group already`, "name it in one group only"),
        );
      seen.add(name);
    }
  }
}

function checkLine(line: Statement, block: Statement, report: Report): void {
  const takes = block.rule?.entry.takes;
  if (takes?.form !== "lines") return;
  switch (takes.of) {
    case "routes":
      checkRoute(line, report);
      return;
    case "addresses":
      if (block.rule?.name === "static_ipaddress") addressOf(line, "", report);
      return;
    case "rules":
      checkRule(line, report);
      return;
    case "peers":
      address(line, 0, "unicast_peer", report);
      for (let at = 1; at < line.words.length; at += 2) {
        const known = line.words[at] === "min_ttl" || line.words[at] === "max_ttl";
        if (known && line.words[at + 1] !== undefined) continue;
        const told = known
          ? wrong("VIPD002", `${line.words[at]} lacks its number`, `write ${line.words[at]} N`)
          : undefined;
        report.at(line, at, told ?? wrong("VIPD001", `unknown word ${line.words[at]}`, "write min_ttl N or max_ttl N"));
      }
      return;
    case "services":
      if (line.words[0] !== "fwmark") serviceEntry(line, report);
  }
}

const routeOptions: ReadonlySet<string> = new Set(grammar.optionsOf("@route"));
const routeFlags: ReadonlySet<string> = new Set(["onlink", "add", "prepend", "append", "no_track", "or", "nexthop"]);
const routeAddresses: ReadonlySet<string> = new Set(["via", "gw", "src", "from", "to"]);
const routeTypes: ReadonlySet<string> = new Set([
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
  "unicast",
  "local",
  "broadcast",
  "multicast",
]);
const families: ReadonlySet<string> = new Set(["inet", "inet6"]);
const times: ReadonlySet<string> = new Set(["rtt", "rttvar", "rto_min"]);
const lockable: ReadonlySet<string> = new Set([
  "mtu",
  "advmss",
  "rtt",
  "rttvar",
  "reordering",
  "cwnd",
  "ssthresh",
  "rto_min",
  "congctl",
]);

function checkRoute(line: Statement, report: Report): void {
  const { words } = line;
  let destination: string | undefined;
  let tracked = true;
  let out = false;
  let protocol = false;
  let hop = false;
  for (let i = 0; i < words.length; ) {
    const word = words[i] ?? "";
    if (word === "no_track") tracked = false;
    if ((word === "dev" || word === "oif") && !hop) out = true;
    if (word === "protocol") protocol = true;
    if (word === "gw") report.at(line, i, doubtful("VIPD010", "gw is an old spelling", "write via instead"));
    if (word === "or")
      report.at(line, i, doubtful("VIPD010", "or is an old spelling", "write nexthop via … for each path instead"));
    if (word === "nexthop") hop = true;
    if (!routeOptions.has(word) && !routeTypes.has(word) && !(hop && word === "weight")) {
      if (destination !== undefined && words[i - 1] !== "or") {
        unknownWord(line, i, routeOptions, report);
        return;
      }
      destination ??= word;
      network(line, i, report);
      i++;
    } else i += routeOption(line, i, report);
    if (word === "to") destination = words[i - 1];
  }
  const what = destination ?? words.join(" ");
  if (destination === undefined)
    report.at(line, 0, wrong("VIPD002", "this route has no destination", "write its network first"));
  else if (tracked && !out) {
    report.at(
      line,
      0,
      doubtful("VIPD015", `the route ${what} names no interface and cannot be tracked`, "add dev IFNAME, or no_track"),
    );
  } else if (tracked && protocol) {
    report.at(
      line,
      words.indexOf("protocol"),
      doubtful("VIPD015", `the route ${what} has a protocol and cannot be tracked`, "remove protocol, or add no_track"),
    );
  }
}

/** @returns how many words the option took */
function routeOption(line: Statement, at: number, report: Report): number {
  const word = line.words[at] ?? "";
  if (routeFlags.has(word) || routeTypes.has(word) || families.has(word)) return 1;
  if (word === "encap") return line.words.length - at;
  let value = at + 1;
  if (lockable.has(word) && line.words[value] === "lock") value++;
  if (routeAddresses.has(word) && families.has(line.words[value] ?? "")) value++;
  if (line.words[value] === undefined)
    report.at(line, value, wrong("VIPD002", `${word} lacks its value`, `write ${word} VALUE`));
  else if (word === "table") table(line, value, report);
  else if (word === "metric") unsigned(line, value, word, report);
  else if (times.has(word)) time(line, value, word, report);
  else if (word === "to") network(line, value, report);
  else if (routeAddresses.has(word)) address(line, value, word, report);
  return value + 1 - at;
}

const ruleOptions: ReadonlySet<string> = new Set(grammar.optionsOf("@rule"));
const ruleFlags: ReadonlySet<string> = new Set([
  "not",
  "l3mdev",
  "nop",
  "no_track",
  "blackhole",
  "prohibit",
  "unreachable",
  "inet",
  "inet6",
]);

function checkRule(line: Statement, report: Report): void {
  const { words } = line;
  for (let i = 0; i < words.length; ) {
    const word = words[i] ?? "";
    if (!ruleOptions.has(word) && !ruleFlags.has(word)) {
      unknownWord(line, i, ruleOptions, report);
      return;
    }
    if (ruleFlags.has(word)) {
      i++;
      continue;
    }
    if (words[i + 1] === undefined)
      report.at(line, i + 1, wrong("VIPD002", `${word} lacks its value`, `write ${word} VALUE`));
    else if (word === "from" || word === "to") network(line, i + 1, report);
    else if (word === "table" || word === "lookup") table(line, i + 1, report, true);
    else if (word === "preference" || word === "priority" || word === "order" || word === "fwmark")
      unsigned(line, i + 1, word, report);
    i += 2;
  }
  if (!words.some((word) => word === "preference" || word === "priority" || word === "order")) {
    report.at(
      line,
      0,
      doubtful("VIPD015", "this rule has no preference, and gets one that may change", "add preference N"),
    );
  }
}

/** 32 bits, in any base of C; a mask may follow a mark. */
function unsigned(line: Statement, word: number, what: string, report: Report): void {
  const text = line.words[word] ?? "";
  const parts = what === "fwmark" ? text.split("/") : [text];
  if (parts.every((part) => /^(0[xX][\da-fA-F]+|\d+)$/.test(part) && Number(part) <= 0xffff_ffff)) return;
  report.at(
    line,
    word,
    wrong("VIPD003", `${what} ${text} is not a whole number from 0 to 4294967295`, "write a number"),
  );
}

/** Milliseconds, or seconds with `s`; what is less than a millisecond does not count. */
function time(line: Statement, word: number, what: string, report: Report): void {
  const text = line.words[word] ?? "";
  const match = /^\d+(?:\.(\d*?)0*)?(s|secs?|ms|msecs?)?$/.exec(text);
  const places = match?.[2]?.startsWith("s") === true ? 3 : 0;
  if (match === null)
    report.at(
      line,
      word,
      wrong("VIPD003", `${what} ${text} is no time`, "write milliseconds, or seconds with s: 0.2s"),
    );
  else if ((match[1] ?? "").length > places)
    report.at(line, word, doubtful("VIPD015", `${what} ${text} is more exact than a millisecond`, "round it"));
}

/** A number, or a name of /etc/iproute2/rt_tables: none begins with a digit. */
function table(line: Statement, word: number, report: Report, isRule = false): void {
  const text = line.words[word] ?? "";
  if ((text !== "0" || !isRule) && (!/^\d/.test(text) || /^(0[xX][\da-fA-F]+|\d+)$/.test(text))) return;
  report.at(line, word, wrong("VIPD003", `table ${text} is neither a number nor a name`, "write its number"));
}

function network(line: Statement, word: number, report: Report): void {
  const text = line.words[word] ?? "";
  if (text === "default" || text === "default6" || text === "any" || text === "all") return;
  const [ip = "", length] = text.split("/", 2);
  const parsed = parseIp(ip);
  const most = ip.includes(":") ? 128 : 32;
  if (parsed !== undefined && (length === undefined || (/^\d+$/.test(length) && Number(length) <= most))) return;
  report.at(line, word, wrong("VIPD021", `${text} is not a network`, "write ADDRESS/LENGTH, or default"));
}

function address(line: Statement, word: number, what: string, report: Report): void {
  const text = line.words[word] ?? "";
  if (parseIp(text.split("/")[0] ?? "") !== undefined) return;
  report.at(
    line,
    word,
    wrong("VIPD021", `${what} ${text} is not an IP address`, "write an address such as 192.0.2.1 or 2001:db8::1"),
  );
}

function serviceEntry(line: Statement, report: Report): void {
  const [text = "", port] = line.words;
  const [first = ""] = text.split(/[-/]/, 1);
  if (parseIp(first) === undefined) {
    report.at(
      line,
      0,
      wrong(
        "VIPD021",
        `${text} is not an address, a range or a network`,
        "write 192.0.2.1 80, 192.0.2.1-10 80, 192.0.2.0/28 80 or fwmark N",
      ),
    );
  } else if (port !== undefined && !(/^\d+$/.test(port) && Number(port) <= 65535)) {
    report.at(line, 1, wrong("VIPD003", `port ${port} is not a whole number from 0 to 65535`, "write a port number"));
  }
}

function checkBfd(block: Statement, report: Report): void {
  const hops = find(block, "max_hops");
  const most = (find(block, "ttl") ?? find(block, "hoplimit"))?.value;
  if (typeof hops?.value === "number" && typeof most === "number" && hops.value > most) {
    const message = `max_hops ${hops.value} is more than ttl or hoplimit ${most}, which is taken`;
    report.at(hops, 1, doubtful("VIPD015", message, `write max_hops ${most} or less`));
  }
  if (find(block, "neighbor_ip") !== undefined || has(block, "neighbour_ip")) return;
  const written = (block.body ?? []).some(({ words }) => words[0] === "neighbor_ip" || words[0] === "neighbour_ip");
  if (!written)
    report.at(
      block,
      1,
      wrong("VIPD012", `bfd_instance ${block.words[1] ?? ""} has no neighbor_ip`, "add neighbor_ip ADDRESS"),
    );
}

function unknownWord(line: Statement, word: number, known: Iterable<string>, report: Report): void {
  const text = line.words[word] ?? "";
  const near = nearest(text, known);
  report.at(
    line,
    word,
    wrong("VIPD001", `unknown word ${text}`, near === undefined ? "remove it" : `did you mean ${near}?`),
  );
}
