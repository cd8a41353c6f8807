/** Who becomes master: what `state`, weights and `nopreempt` really do to an election. */
import { find, findAll } from "../access.ts";
import { hint, type Report, warning } from "../problems.ts";
import { type Statement, wordText } from "../statement.ts";
import { type Gathering, gather } from "./gather.ts";
import type { Instance, Subjects } from "./subjects.ts";
import { seconds } from "./words.ts";

export function checkElection({ instances, groups, weights }: Subjects, report: Report): void {
  const grouped = new Set(groups.flatMap(({ members }) => members));
  const masters = gather();
  for (const instance of instances) {
    explainMaster(instance, masters);
    if (instance.priority === 255 || grouped.has(instance.name)) continue; // told where they are built
    const small = gather();
    for (const tracked of weightsOf(instance, weights)) checkWeight(instance, tracked, small, report);
    small.tell(report);
  }
  masters.tell(report);
}

/** `state MASTER` is no rank: only the owner, 255, starts at once (behaviour 25). */
function explainMaster({ name, block, priority, settings }: Instance, masters: Gathering): void {
  const state = find(block, "state");
  if (state?.value !== "MASTER") return;
  if (priority === 255) {
    if (find(block, "priority") !== undefined) return;
    masters.note("255", state, 1, () =>
      hint(
        "VIPD045",
        `state MASTER without priority makes ${name} the owner of its addresses: priority 255, which no weight changes and nobody outranks`,
        "write priority 255 if that is meant, else a lower one",
      ),
    );
    return;
  }
  const wait = settings === undefined ? "three intervals" : seconds(masterDownMs(priority, settings));
  masters.note("", state, 1, () =>
    hint(
      "VIPD045",
      `state MASTER does not make ${name} master: with priority ${priority} it waits ${wait} for adverts of others, exactly as state BACKUP does; only the highest priority decides`,
      "write state BACKUP on every node and choose by priority; 255, for the owner of the addresses, starts at once",
    ),
  );
}

export function masterDownMs(
  priority: number,
  {
    intervalMs,
    downAdverts,
    version,
  }: Pick<NonNullable<Instance["settings"]>, "intervalMs" | "downAdverts" | "version">,
): number {
  return downAdverts * intervalMs + ((256 - priority) / 256) * (version === 2 ? 1000 : intervalMs);
}

type Weighed = {
  readonly id: string;
  /** Where the weight counts from: the line of the instance. */
  readonly line: Statement;
  readonly weight: number;
  readonly reverse: boolean;
};

/** track_file is missing: what a file adds is the number in it. */
const LISTS = ["track_script", "track_process", "track_bfd", "track_interface"] as const;

function weightsOf({ block }: Instance, weights: Subjects["weights"]): readonly Weighed[] {
  return LISTS.flatMap((list) =>
    findAll(block, list)
      .flatMap(({ body }) => body ?? [])
      .flatMap((line) => weighed(line, list === "track_interface" ? 0 : weights.get(`${list} ${line.words[0]}`))),
  ).filter(({ weight }) => weight !== 0);
}

function weighed(line: Statement, fallback: number | undefined): readonly Weighed[] {
  const written = line.words[1] === "weight" ? wordText(line, 2) : undefined;
  const weight = written === undefined ? fallback : Number(written);
  if (weight === undefined || !Number.isInteger(weight)) return [];
  return [{ id: line.words[0] ?? "", line, weight, reverse: line.words[3] === "reverse" }];
}

/** Nodes are usually this far apart, at least when their priorities are round numbers. */
const USUAL_GAP = 10;

function checkWeight(instance: Instance, tracked: Weighed, small: Gathering, report: Report): void {
  const { priority, nopreempt, name } = instance;
  const { id, weight, reverse, line } = tracked;
  const sum = reverse ? -weight : weight;
  const well = clamp(sum > 0 ? priority + sum : priority);
  const failed = clamp(sum > 0 ? priority : priority + sum);
  if (well === failed) {
    const message = `if ${id} fails here, ${name} keeps its priority of ${failed}: priorities end at ${failed === 1 ? 1 : 254}, and the weight of ${weight} goes beyond`;
    report.at(line, 0, warning("VIPD046", message, `choose a priority that leaves room for the weight`));
    return;
  }
  const arithmetic = `if ${id} fails here, ${well} becomes ${failed}`;
  if (nopreempt) {
    const message = `${arithmetic}, but a peer with nopreempt, as ${name} has, does not take over from a lower priority: nothing happens`;
    report.at(
      line,
      0,
      warning("VIPD047", message, "use weight 0, which means FAULT, or remove nopreempt on every node"),
    );
    return;
  }
  const gap = Math.abs(sum);
  if (gap >= USUAL_GAP || priority % USUAL_GAP !== 0) return;
  const peer = priority - USUAL_GAP;
  if (peer < 1) return;
  const others = sum > 0 ? `${peer + sum} (${peer} + ${sum})` : `${peer}`;
  const message = `${arithmetic}; a peer at ${others} still loses`;
  const remedy = `use a weight larger than the distance of the priorities, such as ${sum > 0 ? "" : "-"}${2 * USUAL_GAP}, or weight 0, which means FAULT`;
  const isBackup = find(instance.block, "state")?.value === "BACKUP" || priority < 100;
  small.note(`${sum}`, line, 0, () => (isBackup ? hint : warning)("VIPD046", message, remedy));
}

function clamp(priority: number): number {
  return Math.min(254, Math.max(1, priority));
}
