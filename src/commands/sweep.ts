/** `vipd sweep`: without a daemon, takes away what the journal says that vipd left in the kernel. The unit runs it after every end. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { journalFile } from "../daemon/context.ts";
import { type Keys, NO_KEYS, openJournal } from "../daemon/journal.ts";
import { enterNetwork } from "../daemon/machine.ts";
import { lockHolder } from "../daemon/pid-file.ts";
import { inNetwork, thisNetwork } from "../os/in-network.ts";
import { namespacePath } from "../os/namespaces.ts";
import { stopPromoting } from "../os/promotion.ts";
import { type Swept, sweepAddresses, sweepServices } from "../os/sweep.ts";
import { WRONG_WORDS } from "./exit.ts";

/** @returns 0 if nothing of ours is left */
export function runSweep(words: readonly string[], runDir: string): number {
  const unknown = words.find((word) => word !== "--keep-ipvs");
  if (unknown !== undefined) {
    complain(`vipd sweep: unknown argument ${unknown}; there is only --keep-ipvs`);
    return WRONG_WORDS;
  }
  const pid = lockHolder(join(runDir, "vipd.pid"));
  if (pid !== undefined)
    return complain(`vipd runs (pid ${pid}) and keeps what it made in order itself; stop it with "vipd stop"`);
  try {
    const journal = openJournal(journalFile(runDir), (reason) => void process.stderr.write(`${reason}\n`));
    const ours = journal.ours();
    const home = thisNetwork();
    const isGone = ours.namespace !== undefined && !existsSync(namespacePath(ours.namespace));
    if (isGone) process.stdout.write(`the network namespace ${ours.namespace} is gone, and everything in it\n`);
    else if (ours.namespace !== undefined) enterNetwork(ours.namespace);
    const addresses = isGone ? NOTHING : sweepAddresses(ours.addresses);
    const services = words.includes("--keep-ipvs") ? NOTHING : sweepTable(ours, home, isGone);
    for (const name of [...addresses.removed, ...services.removed]) process.stdout.write(`removed ${name}\n`);
    const failed = [...addresses.failed, ...services.failed];
    if (failed.length > 0) return complain(...failed.map((problem) => `Cannot remove ${problem}`));
    const promoted = isGone ? [] : (ours.promoted ?? []);
    stopPromoting(promoted);
    for (const link of promoted) process.stdout.write(`switched promote_secondaries of ${link} off again\n`);
    if (!isGone && addresses.removed.length + services.removed.length + promoted.length === 0)
      process.stdout.write("nothing is left to remove\n");
    journal.keep(words.includes("--keep-ipvs") ? { ...NO_KEYS, services: ours.services } : NO_KEYS);
    return 0;
  } catch (error) {
    return complain(`Cannot sweep: ${error instanceof Error ? error.message : String(error)}; run it as root`);
  }
}

const NOTHING: Swept = { removed: [], failed: [] };

/** @param home path of the network namespace that this command was started in @param isGone the one that vipd worked in is */
function sweepTable(ours: Keys, home: string, isGone: boolean): Swept {
  const { services, ipvsNamespace: name } = ours;
  if (name === undefined) return isGone ? NOTHING : sweepServices(services);
  const path = name === "" ? home : namespacePath(name);
  return existsSync(path) ? inNetwork(path, () => sweepServices(services)) : NOTHING;
}

function complain(...lines: readonly string[]): number {
  process.stderr.write(`${lines.join("\n")}\n`);
  return 1;
}
