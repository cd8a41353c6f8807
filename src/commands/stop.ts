/** `vipd stop [--keep-ipvs]`: hands over, removes what vipd made, and waits for the end. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lockHolder } from "../daemon/pid-file.ts";
import { askDaemon } from "./control-client.ts";
import { WRONG_WORDS } from "./exit.ts";

const PATIENCE_MS = 30_000;

/** @returns 0 when it has ended */
export async function runStop(words: readonly string[], runDir: string): Promise<number> {
  const unknown = words.find((word) => word !== "--keep-ipvs" && word !== "--hurry");
  if (unknown !== undefined) {
    process.stderr.write(`vipd stop: unknown argument ${unknown}; there are --keep-ipvs and --hurry\n`);
    return WRONG_WORDS;
  }
  const lock = join(runDir, "vipd.pid");
  const pid = lockHolder(lock);
  const wish = { keepIpvs: words.includes("--keep-ipvs"), hurry: words.includes("--hurry") };
  const asked = await askDaemon(runDir, "POST", "/stop", wish);
  if (!asked.ok) {
    process.stderr.write(`${asked.problem}\n`);
    return 1;
  }
  for (let waitedMs = 0; lockHolder(lock) !== undefined; waitedMs += 20) {
    if (waitedMs > PATIENCE_MS) {
      process.stderr.write(
        `vipd has not ended after ${PATIENCE_MS / 1000} s; its log may say why, and "vipd stop --hurry" does not wait\n`,
      );
      return 1;
    }
    await sleep(20);
  }
  for (let waitedMs = 0; waitedMs < LAST_MS && isAlive(pid); waitedMs += 5) await sleep(5);
  return 0;
}

/** The lock is free a moment before the process is gone. */
const LAST_MS = 1000;

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
