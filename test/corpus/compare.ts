/** What vipd makes of a text, beside what keepalived -t said to it. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { testExitCode } from "../../src/commands/check.ts";
import type { Problem } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { realFiles } from "../../src/os/config-files.ts";
import { machineView } from "../../src/os/machine-view.ts";
import { deliberate, NO_NAMESPACE } from "./deliberate.ts";
import { HOST, type Verdict } from "./judge.ts";

export type Outcome = {
  readonly file: string;
  readonly result: "agree" | "stricter" | "laxer" | "crashed";
  /** Why, if the difference is meant; for agreement "". */
  readonly why: string | undefined;
  readonly detail: string;
  /** What keepalived says about lines on which vipd says nothing. */
  readonly unnamed: readonly string[];
};

/** @param file where the text is, for what it includes @param hasInterface of the machine that judged */
export function compare(
  file: string,
  { exit, messages, file: path, configId = HOST }: Verdict,
  hasInterface: (name: string) => boolean,
): Outcome {
  const name = configId === HOST ? path : `${path} as ${configId}`;
  const entered: string[] = [];
  const networkNamespace = (one: string) => {
    entered.push(one);
    return "here" as const;
  };
  try {
    const { problems } = loadConfig(realFiles(), resolve(file), {
      configId,
      tolerant: false,
      environment: () => undefined,
      random: () => 0,
      hostName: configId,
      userName: "root",
      view: { ...machineView(), hasInterface, networkNamespace },
    });
    const verdict = verdictOn(problems, exit, messages);
    const stopped = verdict.result === "stricter" && entered.some((one) => !namesNamespace(file, one));
    return {
      file: name,
      ...verdict,
      ...(stopped ? { why: NO_NAMESPACE } : {}),
      unnamed: unnamedIn(messages, problems),
    };
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { file: name, result: "crashed", why: undefined, detail, unnamed: [] };
  }
}

/** The judge makes the network namespaces whose names stand in a text as they are; others, as `net_namespace $NAME`, are not there. */
function namesNamespace(file: string, name: string): boolean {
  const words = readFileSync(file, "latin1").matchAll(/\bnet_namespace\s+(\S+)/g);
  return !name.includes("$") && [...words].some((match) => match[1] === name);
}

function verdictOn(problems: readonly Problem[], exit: number, messages: string): Omit<Outcome, "file" | "unnamed"> {
  const code = testExitCode(problems);
  if ((code === 0) === (exit === 0)) return { result: "agree", why: "", detail: "" };
  const counted = problems.filter(({ verdict }) => verdict !== "none");
  const ours = counted.map(({ line, message, code: of }) => `${line}: ${message} [${of}]`).join(" | ");
  const result = exit === 0 ? "stricter" : "laxer";
  const said = exit === 0 ? ours : messages;
  const row = deliberate.find((one) => one.result === result && one.pattern.test(said));
  return { result, why: row?.why, detail: `${exit} ${code} ${said}` };
}

/** Lines that tell nothing of their own: keepalived stumbled before them or tells them behind the place, and vipd names the place. */
const consequences: readonly RegExp[] = [
  /Unknown keyword '[{}]'/,
  /Extra '}' found/,
  /Unexpected '\{' - ignoring/,
  /Unable to set default user/,
  /Unable to set uid\/gid/,
  /track script \S+ not found/, // the script was refused where it is defined
  /Please use global lvs_sync_daemon/,
  /has no neighbor address set/, // told at the } of the block, by vipd at its head
  /virtual server group \S+ has no entries/, // likewise
  /Invalid smtp server/, // names are looked up when mail is sent
  /garp_group already specified/, // told where the interface stands twice
];

function unnamedIn(messages: string, problems: readonly Problem[]): readonly string[] {
  const ours = new Set(problems.map(({ line }) => line));
  const unnamed = messages.split(" | ").filter((message) => {
    const line = /Line (\d+)\)/.exec(message)?.[1];
    if (line === undefined || ours.has(Number(line))) return false;
    return (
      !consequences.some((one) => one.test(message)) &&
      !isInSkipped(Number(line), message, problems) &&
      !isToldOnce(message, problems)
    );
  });
  return [...new Set(unnamed.map((message) => message.replace(/^\(\S+: Line /, "(Line ")))];
}

/** keepalived reads on in a block whose keyword it does not know; vipd says that it skips the block. */
function isInSkipped(line: number, message: string, problems: readonly Problem[]): boolean {
  if (!/Unknown keyword|digest/.test(message)) return false;
  const before = problems.filter((problem) => problem.line < line).at(-1);
  return before !== undefined && /its block is skipped|words too many/.test(before.message);
}

/** An interface that is missing is told where it is named first. */
function isToldOnce(message: string, problems: readonly Problem[]): boolean {
  const name = /interface (\S+) (?:for|specified|doesn)/.exec(message)?.[1];
  return name !== undefined && problems.some((problem) => problem.code === "VIPD024" && problem.text === name);
}
