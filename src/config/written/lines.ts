/** Lines of lists: addresses, routes, rules, peers, what is tracked. The words of the table's pseudo blocks tell what an option takes. */
import { bitsOf, familyOf, parseIp } from "../../base/address.ts";
import { grammar, type Rule } from "../grammar.ts";
import type { LineKind } from "../keywords/entry.ts";
import { placeOf, type Statement } from "../statement.ts";
import type { Line, LineOption } from "./setting.ts";

/** Which rows of the table the words of such a line are. */
const PSEUDO: Partial<Record<LineKind, string>> = {
  addresses: "@address",
  routes: "@route",
  rules: "@rule",
  tracks: "@tracker",
  peers: "@unicast_peer",
};

export function linesOf(kind: LineKind, body: readonly Statement[]): readonly Line[] {
  if (kind === "names") {
    return body.flatMap((line) => line.words.map((word) => ({ subject: word, options: [], at: placeOf(line) })));
  }
  return body.map((line) => lineOf(kind, line));
}

function lineOf(of: LineKind, line: Statement): Line {
  const at = placeOf(line);
  const pseudo = PSEUDO[of];
  if (pseudo === undefined) {
    const [subject, ...rest] = line.words;
    const known = subject !== undefined && of === "services" ? canonical(subject) : subject;
    return { subject: known, options: rest.map(alone), at };
  }
  const rows = grammar.pseudo(pseudo);
  let kind: string | undefined;
  let subject: string | undefined;
  const options: LineOption[] = [];
  for (let i = 0; i < line.words.length; ) {
    const word = line.words[i] ?? "";
    const row = rows.get(word);
    const open = row === undefined && subject === undefined;
    if (open && of === "routes" && kind === undefined && ROUTE_TYPES.has(word)) {
      kind = word;
      i++;
    } else if (open && of !== "rules") {
      subject = of === "addresses" ? withLength(word) : of === "tracks" ? word : canonical(word);
      i++;
    } else i += readOption(line.words, i, row, options);
  }
  return { ...(kind === undefined ? {} : { kind }), subject, options, at };
}

function alone(name: string): LineOption {
  return { name, value: undefined };
}

const ROUTE_TYPES = new Set([
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
  "unicast",
  "local",
  "broadcast",
  "multicast",
]);

const FAMILIES = new Set(["inet", "inet6"]);

/** @returns how many words the option took */
function readOption(words: readonly string[], at: number, row: Rule | undefined, options: LineOption[]): number {
  const name = words[at] ?? "";
  const args = row?.entry.args;
  if (row === undefined && name === "weight" && words[at + 1] !== undefined) {
    // of a nexthop: a word of that row
    options.push({ name, value: readValue(words[at + 1] ?? "", "N") });
    return 2;
  }
  if (row === undefined || args === undefined || name === "nexthop") {
    options.push(alone(name));
    return 1;
  }
  let next = at + 1;
  const lock = args.startsWith("[lock]") && words[next] === "lock";
  if (lock) next++;
  const following = words[next + 1];
  if (
    args.startsWith("[inet|inet6]") &&
    FAMILIES.has(words[next] ?? "") &&
    following !== undefined &&
    !FAMILIES.has(following)
  ) {
    // the family follows from the address
    next++;
  }
  const text = words[next];
  if (text === undefined) {
    options.push(alone(name));
    return next - at;
  }
  options.push({ name: canonicalName(name, row), value: readValue(text, args), ...(lock ? { lock } : {}) });
  return next + 1 - at;
}

function canonicalName(name: string, { entry }: Rule): string {
  return entry.instead !== undefined && /^\w+$/.test(entry.instead) ? entry.instead : name;
}

function readValue(text: string, args: string): string | number {
  if (/\bN\]?$/.test(args) && /^-?\d+$/.test(text) && String(Number(text)) === text) return Number(text);
  return /\b(IP|DEST|PREFIX)\b/.test(args) ? canonical(text) : text;
}

/** An address or a network in the form that we print; other words as they are. */
export function canonical(text: string): string {
  const [address = "", ...length] = text.split("/");
  const ip = parseIp(address);
  return ip === undefined ? text : [ip, ...length].join("/");
}

function withLength(text: string): string {
  const ip = parseIp(text);
  return ip === undefined ? canonical(text) : `${ip}/${bitsOf(familyOf(ip))}`;
}
