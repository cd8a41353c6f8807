/** The pages that are made from the tables: `docs/configuration.md` and `docs/codes.md`. */
import { showCode } from "../config/explain-code.ts";
import type { Entry } from "../config/keywords/entry.ts";
import { table } from "../config/keywords/table.ts";
import { type Code, codes } from "../config/problems.ts";
import { problemText } from "./render-problems.ts";

/** Every keyword, block by block, in the order of the table. */
export function configurationPage(): string {
  const blocks = new Map<string, Entry[]>();
  for (const entry of table) {
    const cut = entry.path.lastIndexOf("/");
    const block = cut === -1 ? "" : entry.path.slice(0, cut);
    blocks.set(block, [...(blocks.get(block) ?? []), entry]);
  }
  const lines = [
    "# Configuration: every keyword",
    "",
    "This page is made from the table that vipd itself reads (`npm run docs`); `vipd explain KEYWORD` says the same in a terminal. Where",
    "nothing else is said, times are in seconds, a second setting in the same block replaces the first with a warning, and vipd honours",
    "the keyword as keepalived does. *Since* is the first release of keepalived that knows it there.",
    "",
    "A file that uses what is *not yet* honoured gets a warning that says so (`vipd check`); nothing is ignored silently.",
  ];
  for (const [block, entries] of blocks) lines.push("", `## ${titleOf(block)}`, "", ...tableOf(entries));
  return `${lines.join("\n")}\n`;
}

const titles: Readonly<Record<string, string>> = {
  "": "Outside every block",
  "@file": "Before anything is parsed: includes, conditions, definitions, sequences",
  "@address": "Words of a line with an address",
  "@route": "Words of a line with a route",
  "@rule": "Words of a line with a rule",
  "@encap": "Words behind `encap` of a route",
  "@tracker": "Words behind a name that is tracked",
  "@unicast_peer": "Words behind a unicast peer",
};

function titleOf(block: string): string {
  return (
    titles[block] ??
    block
      .split("/")
      .map((name) => `\`${name}\``)
      .join(" / ")
  );
}

function tableOf(entries: readonly Entry[]): readonly string[] {
  const rows = entries.map((entry) => {
    const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
    const cells = [
      `\`${name}${entry.args === undefined ? "" : ` ${entry.args}`}\``,
      capital(entry.meaning),
      [entry.default === undefined ? "" : `default ${entry.default}`, entry.range ?? ""].filter(Boolean).join("; "),
      entry.since ?? "",
      supportText(entry),
    ];
    return `| ${cells.map(cell).join(" | ")} |`;
  });
  return ["| Keyword | Meaning | Default, range | Since | In vipd |", "|---|---|---|---|---|", ...rows];
}

/** How far vipd honours a keyword, in words. */
export function supportText({ support, instead, repeat }: Entry): string {
  const honour =
    typeof support === "string"
      ? support
      : "without" in support
        ? `accepted without effect: ${support.without}`
        : `not yet: a block with ${support.leavesOut} is left out`;
  const old = instead === undefined ? "" : `; an old spelling of \`${instead}\``;
  return `${honour}${old}${repeat === "first" ? "; the first one counts" : repeat === "all" ? "; may be repeated" : ""}`;
}

function cell(text: string): string {
  const escaped = text.replaceAll("|", "\\|");
  return escaped.startsWith("`") ? escaped : escaped.replace(/<(?=\w)/g, "&lt;");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A long example is shown by its beginning. */
const LONGEST_EXAMPLE = 24;

/** Every code with an example and what vipd says about it. */
export function codesPage(): string {
  const lines = [
    "# Codes: what vipd says about a configuration",
    "",
    "Every error, warning and hint has a code that never changes its meaning, so that one can search for it, or leave it out of a report.",
    "`vipd explain VIPD012` shows the same as this page. An *error* makes a file unusable: a reload is refused, a start falls back to the",
    "last good file. A *warning* is something that keepalived reports too, or that costs an outage sooner or later; a *hint* is advice.",
    "",
    "The page is made by `npm run docs`; the answers are those of a machine that has eth0 with 192.0.2.2/24 and nothing else.",
  ];
  for (const code of Object.keys(codes) as readonly Code[]) lines.push("", ...codeText(code, true));
  return `${lines.join("\n")}\n`;
}

export function codeText(code: Code, markdown: boolean): readonly string[] {
  const { text, problem } = showCode(code);
  const written = text.replaceAll("\ufeff", "").trimEnd().split("\n");
  const example = written.length <= LONGEST_EXAMPLE ? written : [...written.slice(0, LONGEST_EXAMPLE), "…"];
  const said = problemText({ ...problem, file: "keepalived.conf" });
  if (markdown) return [`## ${code}`, "", `${codes[code]}.`, "", "```", ...example, "```", "", "```", said, "```"];
  return [`${code}: ${codes[code]}`, "", "  For example:", ...example.map((line) => `    ${line}`), "", `  ${said}`];
}
