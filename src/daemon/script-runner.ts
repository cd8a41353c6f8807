/** How scripts of the configuration are run: by whom where they name nobody, and what becomes of paths that others may change. */
import type { CommandSettings, NotifySettings } from "../notify/settings.ts";
import { localAccount } from "../os/accounts.ts";
import { runScript, type ScriptOptions, scriptProblem, startProgram } from "../os/commands.ts";

/** Runs scripts that name nobody, if this account exists and script_user is not set; else they are root's (behaviour 74). */
const DEFAULT_USER = "keepalived_script";

export type ScriptRunner = {
  configure(notify: Pick<NotifySettings, "scriptUser" | "scriptSecurity">): void;
  /** A script to its end. @returns why it failed, or undefined; never rejects */
  run(
    command: CommandSettings,
    extra: readonly string[],
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<string | undefined>;
  /** A program that goes on running. @returns the function that ends it */
  start(command: CommandSettings, extra: readonly string[], ended: (reason: string) => void): () => void;
};

export function createScriptRunner(warn: (reason: string) => void): ScriptRunner {
  let rules: Pick<NotifySettings, "scriptUser" | "scriptSecurity"> = { scriptUser: undefined, scriptSecurity: false };
  const warned = new Set<string>();

  function unsafe(reason: string): void {
    if (!warned.has(reason)) warn(`a script that runs as root is not safe: ${reason}`);
    warned.add(reason);
  }

  function safety(): Pick<ScriptOptions, "security" | "unsafe"> {
    return { security: rules.scriptSecurity, unsafe };
  }

  function withAccount(command: CommandSettings): CommandSettings {
    if (command.user !== undefined) return command;
    if (rules.scriptUser !== undefined) return { ...command, ...rules.scriptUser };
    return localAccount(DEFAULT_USER) === undefined ? command : { ...command, user: DEFAULT_USER };
  }

  return {
    configure(notify) {
      rules = notify;
    },
    async run(command, extra, timeoutMs, signal) {
      const options = { ...safety(), timeoutMs, ...(signal === undefined ? {} : { signal }) };
      return scriptProblem(await runScript(withAccount(command), extra, options), timeoutMs);
    },
    start: (command, extra, ended) => startProgram(withAccount(command), extra, { ...safety(), ended }),
  };
}
