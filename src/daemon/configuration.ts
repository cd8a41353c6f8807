/**
 * Which configuration vipd works by: reads the file, falls back at a start to the last one that was good, keeps that one, and remembers
 * what became of each attempt for the status.
 */
import type { Config, Loaded, Problem } from "../config/config.ts";

/** Where a configuration came from, and what there is to say about it. */
export type Origin = {
  /** The file that was asked for. */
  readonly file: string;
  /** Set when the last good configuration is used instead: the problems of `file`. */
  readonly fallback: { readonly lastGood: string; readonly problems: readonly string[] } | undefined;
  readonly warnings: readonly string[];
  readonly files: readonly string[];
};

export type Accepted = { readonly config: Config; readonly origin: Origin; readonly consolidated: string };
export type Attempt =
  | { readonly ok: true; readonly accepted: Accepted }
  | { readonly ok: false; readonly problems: readonly string[] };

export type ConfigurationDeps = {
  /** `tolerant`: what a later version would refuse is only warned about. */
  readonly read: (path: string, tolerant: boolean) => Promise<Loaded>;
  readonly lastGood: { readonly path: string; exists(): boolean; write(text: string): void };
};

/** For a reload: the file or nothing. */
export async function readFor(deps: ConfigurationDeps, file: string): Promise<Attempt> {
  const loaded = await deps.read(file, false);
  if (loaded.config === undefined) return { ok: false, problems: errorLines(loaded.problems) };
  return { ok: true, accepted: acceptedOf(loaded, loaded.config, file, undefined) };
}

/** For a start: the file, or else the last good one, unless `strict`. */
export async function readForStart(deps: ConfigurationDeps, file: string, strict: boolean): Promise<Attempt> {
  const first = await readFor(deps, file);
  return first.ok || strict ? first : fallBack(deps, file, first.problems);
}

/** @param problems what stands against `file` */
export async function fallBack(deps: ConfigurationDeps, file: string, problems: readonly string[]): Promise<Attempt> {
  if (!deps.lastGood.exists()) return { ok: false, problems };
  const loaded = await deps.read(deps.lastGood.path, true);
  if (loaded.config === undefined) return { ok: false, problems: [...problems, ...errorLines(loaded.problems)] };
  return { ok: true, accepted: acceptedOf(loaded, loaded.config, file, { lastGood: deps.lastGood.path, problems }) };
}

/** Keeps it for a start with a broken file. */
export function keepAsLastGood(deps: ConfigurationDeps, accepted: Accepted, version: string): void {
  if (accepted.origin.fallback !== undefined) return;
  deps.lastGood.write(
    `# Accepted by vipd ${version} from ${accepted.origin.file}; written by vipd, do not edit\n${accepted.consolidated}`,
  );
}

function acceptedOf(loaded: Loaded, config: Config, file: string, fallback: Origin["fallback"]): Accepted {
  const warnings = problemLines(loaded.problems.filter((problem) => problem.level !== "hint"));
  return { config, consolidated: loaded.consolidated, origin: { file, fallback, warnings, files: loaded.files } };
}

function errorLines(problems: readonly Problem[]): readonly string[] {
  return problemLines(problems.filter(({ level }) => level === "error"));
}

function problemLines(problems: readonly Problem[]): readonly string[] {
  return problems.map(problemLine);
}

export function problemLine({ file, line, column, message, remedy }: Problem): string {
  const place = line > 0 ? `${file}:${line}:${column}` : file;
  return `${place}: ${message}${remedy === "" ? "" : `; ${remedy}`}`;
}
