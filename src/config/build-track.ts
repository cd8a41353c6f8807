/** Scripts that instances track, and the lines of `track_script`, `track_interface`. */
import type { TrackScriptSettings } from "../notify/settings.ts";
import type { Tracking } from "../vrrp/settings.ts";
import { find, findAll, numberIn, numberOf } from "./access.ts";
import { commandIn } from "./build-command.ts";
import { doubtful, nearest, type Report, wrong } from "./problems.ts";
import { type Statement, wordText } from "./statement.ts";

export type Scripts = ReadonlyMap<string, TrackScriptSettings>;

export function buildScripts(blocks: readonly Statement[], report: Report): Scripts {
  const scripts = new Map<string, TrackScriptSettings>();
  for (const block of blocks) {
    const name = block.words[1] ?? "";
    if (scripts.has(name)) {
      report.at(
        block,
        1,
        doubtful("VIPD014", `vrrp_script ${name} is defined twice; the first counts`, "rename or remove one"),
      );
      continue;
    }
    const script = scriptOf(name, block, report);
    if (script !== undefined) scripts.set(name, script);
  }
  return scripts;
}

function scriptOf(name: string, block: Statement, report: Report): TrackScriptSettings | undefined {
  const command = commandIn(block, "script", report);
  if (command === undefined) {
    if (find(block, "script") === undefined)
      report.at(block, 1, wrong("VIPD012", `vrrp_script ${name} has no script`, "add: script COMMAND"));
    return undefined;
  }
  const account = find(block, "user");
  const intervalMs = numberIn(block, "interval") || 1000;
  const weight = weightOf(find(block, "weight"), 1, report);
  return {
    name,
    command: account === undefined ? command : { ...command, user: account.words[1], group: account.words[2] },
    intervalMs,
    timeoutMs: numberOf(block, "timeout") || intervalMs,
    rise: numberIn(block, "rise"),
    fall: numberIn(block, "fall"),
    weight: weight?.weight ?? 0,
    reverse: weight?.reverse ?? false,
  };
}

/** `N [reverse]` from word `at` on; undefined without a statement or when it is wrong. */
function weightOf(
  statement: Statement | undefined,
  at: number,
  report: Report,
): { readonly weight: number; readonly reverse: boolean } | undefined {
  if (statement === undefined) return undefined;
  const text = wordText(statement, at);
  const reverse = statement.words[at + 1] === "reverse";
  if (!/^[+-]?\d+$/.test(text) || Math.abs(Number(text)) > 254) {
    report.at(
      statement,
      at,
      wrong(
        "VIPD003",
        `weight ${text} is not a whole number from -253 to 253`,
        "write a whole number from -253 to 253; 0 means FAULT",
      ),
    );
    return undefined;
  }
  const weight = Number(text);
  if (Math.abs(weight) < 254) return { weight, reverse };
  report.at(
    statement,
    at,
    doubtful("VIPD015", `weight ${weight} is taken as ${Math.sign(weight) * 253}`, "write a weight from -253 to 253"),
  );
  return { weight: Math.sign(weight) * 253, reverse };
}

export type TrackContext = {
  readonly scripts: Scripts;
  readonly report: Report;
  readonly subject: string;
  readonly ownInterface: string | undefined;
};

/** Everything honoured that an instance or a group tracks. */
export function trackersOf(block: Statement, context: TrackContext): readonly Tracking[] {
  const lines = (name: string) => findAll(block, name).flatMap((statement) => statement.body ?? []);
  const found = [
    ...lines("track_script").map((line) => trackScript(line, context)),
    ...lines("track_interface").map((line) => trackInterface(line, context)),
  ];
  return unique(found.filter((tracking) => tracking !== undefined));
}

function trackScript(line: Statement, { scripts, report, subject }: TrackContext): Tracking | undefined {
  const id = line.words[0] ?? "";
  const script = scripts.get(id);
  if (script === undefined) {
    const near = nearest(id, scripts.keys());
    const remedy = near === undefined ? `define it: vrrp_script ${id} { … }` : `did you mean ${near}?`;
    report.at(line, 0, wrong("VIPD013", `${subject} tracks the script ${id}, which is not defined`, remedy));
    return undefined;
  }
  const given = lineWeight(line, report);
  return { tracker: "script", id, ...(given ?? { weight: script.weight, reverse: script.reverse }) };
}

function trackInterface(line: Statement, { report, subject, ownInterface }: TrackContext): Tracking | undefined {
  const id = line.words[0] ?? "";
  if (id === ownInterface) {
    report.at(line, 0, doubtful("VIPD015", `${subject} watches its own interface ${id} anyway`, "remove this line"));
    return undefined;
  }
  const given = lineWeight(line, report);
  return { tracker: "interface", id, weight: given?.weight ?? 0, reverse: given?.reverse ?? false };
}

/** `NAME weight N [reverse]` */
function lineWeight(
  line: Statement,
  report: Report,
): { readonly weight: number; readonly reverse: boolean } | undefined {
  const word = line.words[1];
  if (word === undefined) return undefined;
  if (word !== "weight") {
    report.at(
      line,
      1,
      wrong(
        "VIPD001",
        `unknown word ${word} after ${line.words[0]}`,
        "write one name a line, with weight N after it if wanted",
      ),
    );
    return undefined;
  }
  if (line.words[2] !== undefined) return weightOf(line, 2, report);
  report.at(line, 2, wrong("VIPD002", "weight lacks its number", "write weight N"));
  return undefined;
}

function unique(trackings: readonly Tracking[]): readonly Tracking[] {
  return [...new Map(trackings.map((tracking) => [`${tracking.tracker} ${tracking.id}`, tracking])).values()];
}
