/**
 * Blocks that lack something or hold something that keepalived reports, where no `build-*.ts` looks: empty lists, checks that vipd does
 * not run yet, lines with words that are numbers.
 */
import { parseIp } from "../base/address.ts";
import { find, findAll, has, numberIn } from "./access.ts";
import { urlOf } from "./build-check.ts";
import { createSilence } from "./memory.ts";
import { doubtful, nearest, type Report, wrong } from "./problems.ts";
import type { Statement } from "./statement.ts";

export function checkBlocks(statements: readonly Statement[], report: Report): void {
  for (const statement of statements) {
    switch (statement.rule?.name) {
      case "global_defs":
        checkZeros(statement, report);
        checkGlobal(statement, report);
        break;
      case "vrrp_script":
        checkZeros(statement, report);
        checkWeight(find(statement, "weight"), report);
        break;
      case "vrrp_instance":
      case "vrrp_sync_group":
        checkZeros(statement, report);
        checkExtraGarp(statement, report);
        for (const name of trackLists) checkTrackList(statement, name, report);
        checkRepeatedLines(statement, "group", report);
        break;
      case "track_file":
      case "vrrp_track_file":
        if (!has(statement, "file") && !wrote(statement, "file")) {
          const message = `${statement.words.slice(0, 2).join(" ")} names no file`;
          report.at(statement, 1, doubtful("VIPD012", message, "add: file PATH"));
        }
        break;
      case "virtual_server":
        unlessSilent(statement, report, () => checkService(statement, report));
        if (statement.words[1] === "group") checkGroup(statement, statements, report);
        break;
      case "virtual_server_group":
        for (const line of statement.body ?? []) if (line.words[0] === "fwmark") checkFwmark(line, report);
    }
  }
}

const unlessSilent = createSilence();

/** Numbers of which the table says that 0 is taken as 1: keepalived says so, too. */
function checkZeros(block: Statement, report: Report): void {
  for (const statement of block.body ?? []) {
    if (statement.value !== 0 || statement.rule?.entry.range?.includes("0 becomes 1") !== true) continue;
    report.at(statement, 1, doubtful("VIPD015", `${statement.words[0]} 0 becomes 1`, "write 1 or more"));
  }
}

function checkGlobal(defs: Statement, report: Report): void {
  for (const block of findAll(defs, "notification_email")) {
    if (block.body?.length === 0)
      report.at(block, 0, doubtful("VIPD012", "notification_email is empty", "add an address a line, or remove it"));
  }
  checkExtraGarp(defs, report);
  for (const line of findAll(defs, "include_check")) checkIncludeWords(line, report);
  for (const line of findAll(defs, "lvs_sync_daemon")) checkSyncDaemon(line, report);
}

const includeWords: readonly string[] = ["read", "match", "wildcard_match", "brace_match"];

function checkIncludeWords(line: Statement, report: Report): void {
  for (const [at, word] of line.words.entries()) {
    const bare = word.replace(/^[+-]/, "");
    if (at === 0 || includeWords.includes(bare)) continue;
    const near = bare === "readable" ? "read" : nearest(bare, includeWords); // the manual of keepalived calls it readable
    const remedy =
      near === undefined ? `write ${includeWords.join(", ")}, each with + or - if wanted` : `did you mean ${near}?`;
    report.at(line, at, wrong("VIPD003", `include_check ${word} is not known`, remedy));
  }
}

const syncOptions: ReadonlyMap<string, readonly [min: number, max: number] | undefined> = new Map([
  ["inst", undefined],
  ["id", [0, 255]],
  ["maxlen", [1, 65_507]],
  ["port", [1, 65_535]],
  ["ttl", [1, 255]],
  ["group", undefined],
]);

/** `IFNAME [[inst] VRRP_INST] [id N] …`; the last word of the old form `IFNAME INST N` is the id. */
function checkSyncDaemon(line: Statement, report: Report): void {
  const { words } = line;
  let at = 2;
  if (words[at] !== undefined && !syncOptions.has(words[at] ?? "")) at++;
  if (words[at] !== undefined && !syncOptions.has(words[at] ?? "")) {
    checkNumber(line, at, "lvs_sync_daemon id", 0, 255, report);
    at++;
  }
  while (at < words.length) {
    const word = words[at] ?? "";
    const range = syncOptions.get(word);
    if (!syncOptions.has(word)) {
      const near = nearest(word, syncOptions.keys());
      const remedy = near === undefined ? "remove it" : `did you mean ${near}?`;
      report.at(line, at, wrong("VIPD001", `unknown word ${word} in lvs_sync_daemon`, remedy));
      return;
    }
    if (words[at + 1] === undefined)
      report.at(line, at + 1, wrong("VIPD002", `${word} lacks its value`, `write ${word} VALUE`));
    else if (range !== undefined) checkNumber(line, at + 1, `lvs_sync_daemon ${word}`, range[0], range[1], report);
    at += 2;
  }
}

const extraGarp: readonly string[] = ["vrrp_garp_extra_if", "vmac_garp_intvl", "garp_extra_if"];

/** `[all] SECS` */
function checkExtraGarp(block: Statement, report: Report): void {
  for (const line of extraGarp.flatMap((name) => findAll(block, name)))
    checkNumber(line, line.words[1] === "all" ? 2 : 1, line.words[0] ?? "", 0, 86_400, report);
}

function checkWeight(line: Statement | undefined, report: Report): void {
  const word = line?.words[2];
  if (line === undefined || word === undefined || word === "reverse") return;
  report.at(line, 2, wrong("VIPD001", `unknown word ${word} after the weight`, "write nothing, or reverse"));
}

const trackLists: readonly string[] = ["track_script", "track_interface", "track_file", "track_process", "track_bfd"];

function checkTrackList(block: Statement, list: string, report: Report): void {
  checkRepeatedLines(block, list, report);
  for (const line of findAll(block, list).flatMap(({ body }) => body ?? [])) {
    const [, option, weight, ...rest] = line.words;
    if (option !== "weight" || weight === undefined) continue;
    // of scripts and interfaces that is told where they are built
    if (list !== "track_script" && list !== "track_interface" && !/^[+-]?\d{1,3}$/.test(weight))
      report.at(
        line,
        2,
        wrong("VIPD003", `weight ${weight} is not a whole number from -253 to 253`, "write a whole number"),
      );
    const at = rest.findIndex((word) => word !== "reverse" && word !== "no_reverse");
    if (at !== -1)
      report.at(
        line,
        3 + at,
        wrong("VIPD001", `unknown word ${rest[at]} after the weight`, "write nothing, or reverse"),
      );
  }
}

function checkRepeatedLines(block: Statement, list: string, report: Report): void {
  const seen = new Map<string, number>();
  for (const line of findAll(block, list).flatMap(({ body }) => body ?? [])) {
    const name = line.words[0] ?? "";
    const before = seen.get(name);
    seen.set(name, before ?? line.line);
    if (before !== undefined)
      report.at(
        line,
        0,
        doubtful("VIPD011", `${list} names ${name} twice, first in line ${before}`, "keep one of them"),
      );
  }
}

function checkFwmark(line: Statement, report: Report): void {
  if (line.words[1] === undefined) report.at(line, 1, wrong("VIPD002", "fwmark lacks its number", "write fwmark N"));
  else checkNumber(line, 1, "fwmark", 0, 0xffff_ffff, report);
  const family = line.words[2];
  if (family !== undefined && family !== "inet" && family !== "inet6")
    report.at(line, 2, wrong("VIPD001", `unknown family ${family}`, "write inet or inet6"));
}

function checkGroup(service: Statement, statements: readonly Statement[], report: Report): void {
  if (findAll(service, "real_server").length === 0) return;
  const name = service.words[2] ?? "";
  const group = statements.find(({ rule, words }) => rule?.name === "virtual_server_group" && words[1] === name);
  checkGroupProtocol(service, name, group, report);
  checkGroupPorts(service, name, group, report);
}

/** A mark stands for packets of any protocol; addresses and ports need one. */
function checkGroupProtocol(service: Statement, name: string, group: Statement | undefined, report: Report): void {
  if (wrote(service, "protocol") || group?.body?.every(({ words }) => words[0] === "fwmark") === true) return;
  const message = `virtual_server group ${name} has no protocol: UDP is taken`;
  report.at(service, 1, doubtful("VIPD012", message, "write protocol TCP, or UDP if it is meant so"));
}

/** IPVS takes a service for every port (0) only if it is persistent; so keepalived makes it so. */
function checkGroupPorts(service: Statement, name: string, group: Statement | undefined, report: Report): void {
  if (wrote(service, "persistence_timeout")) return;
  const entry = group?.body?.find(({ words }) => words[0] !== "fwmark" && Number(words[1] ?? 0) === 0);
  if (entry === undefined) return;
  const message = `${entry.words[0]} in virtual_server_group ${name} (line ${entry.line}) has no port: a service for every port is always persistent, and persistence_timeout 360 is taken`;
  report.at(service, 2, doubtful("VIPD015", message, "write the port in the group, or persistence_timeout 360 here"));
}

function checkService(service: Statement, report: Report): void {
  checkSorry(service, report);
  const head = service.words[1] ?? "";
  const isBuilt = head === "group" || head === "fwmark" || parseIp(head) !== undefined;
  for (const server of service.body ?? []) {
    if (server.rule?.name !== "real_server") continue;
    const isServerBuilt = isBuilt && parseIp(server.words[1] ?? "") !== undefined;
    for (const check of server.body ?? []) {
      const name = check.rule?.name;
      if (name === "MISC_CHECK") needs(check, "misc_path", "COMMAND", report);
      else if (name === "FILE_CHECK") needs(check, "track_file", "NAME", report);
      else if (name === "BFD_CHECK") needs(check, "name", "BFD_INSTANCE", report);
      else if (name === "UDP_CHECK") checkReplyLengths(check, report);
      else if (name === "SSL_GET" || (name === "HTTP_GET" && !isServerBuilt)) checkUrls(check, report);
    }
  }
}

/** A server that is the sorry server, too, stands in the kernel once, and is taken out in one way only. */
function checkSorry(service: Statement, report: Report): void {
  const sorry = find(service, "sorry_server");
  if (sorry === undefined) return;
  const inhibited = has(service, "sorry_server_inhibit");
  const [, ip, port] = sorry.words;
  for (const server of findAll(service, "real_server")) {
    if (server.words[1] !== ip || server.words[2] !== port) continue;
    const differs = (has(server, "inhibit_on_failure") || has(service, "inhibit_on_failure")) !== inhibited;
    if (!differs) continue;
    const message = `this server is the sorry_server of line ${sorry.line}, too, and only one of them is inhibited: keepalived takes what the server says for both`;
    report.at(server, 1, doubtful("VIPD015", message, "write inhibit_on_failure and sorry_server_inhibit, or neither"));
  }
}

function checkReplyLengths(check: Statement, report: Report): void {
  const [least, most] = [find(check, "min_reply_length"), find(check, "max_reply_length")];
  const [min, max] = [numberIn(check, "min_reply_length"), numberIn(check, "max_reply_length")];
  const at = most ?? least;
  if (at === undefined || min <= max) return;
  const message = `no reply is as long as min_reply_length ${min} and not longer than max_reply_length ${max}`;
  report.at(at, 1, doubtful("VIPD015", message, `write at least max_reply_length ${min}`));
}

/** Told by `build-check.ts` for HTTP_GET, and here for what is not built. */
function checkUrls(check: Statement, report: Report): void {
  const urls = findAll(check, "url");
  for (const url of urls) urlOf(url, report);
  if (urls.length === 0)
    report.at(check, 0, doubtful("VIPD012", `${check.words[0]} has no url and checks nothing`, "add: url { path / }"));
}

function needs(check: Statement, keyword: string, args: string, report: Report): void {
  if (has(check, keyword) || wrote(check, keyword)) return;
  const name = check.words[0] ?? "";
  report.at(check, 0, doubtful("VIPD012", `${name} has no ${keyword} and checks nothing`, `add: ${keyword} ${args}`));
}

/** Written, if wrongly: that is told already. */
function wrote(block: Statement, keyword: string): boolean {
  return (block.body ?? []).some(({ words }) => words[0] === keyword);
}

function checkNumber(line: Statement, word: number, what: string, min: number, max: number, report: Report): void {
  const text = line.words[word] ?? "";
  if (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max) return;
  const message = `${what} ${text} is not a whole number from ${min} to ${max}`;
  report.at(line, word, wrong("VIPD003", message, "write a whole number, in decimal digits"));
}
