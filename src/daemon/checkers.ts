/**
 * `vipd: checkers`: the probes. It reads bytes from real servers, so it is not root and holds no capability that the file does not
 * need. Its parent's end is its own.
 */
import { CAP, dropPrivileges, enterNamespace } from "dgram-ext";
import type { CheckerSettings } from "../check/settings.ts";
import { localAccount } from "../os/accounts.ts";
import { heldCapabilities } from "../os/capabilities.ts";
import { openClock } from "../os/clock.ts";
import { createConnections } from "../os/connections.ts";
import { systemErrorCode } from "../os/errors.ts";
import { keepSmall } from "../os/memory.ts";
import { namespacePath } from "../os/namespaces.ts";
import { guardSignals } from "../os/signals.ts";
import { createCheckRoom, type Prepared } from "./check-room.ts";
import type { FromCheckers, ToCheckers } from "./messages.ts";

const ACCOUNT = "vipd-probe";

guardSignals();
serve();

function serve(): void {
  if (process.send === undefined) throw new TypeError("The checkers are a part of vipd, which starts them");
  process.title = "vipd: checkers";
  const clock = openClock();
  const room = createCheckRoom({
    clock,
    io: createConnections(),
    random: Math.random,
    say,
    prepare: createPrepare(),
    end: () => void setImmediate(() => process.disconnect?.()),
  });
  process.on("disconnect", () => process.exit(0));
  process.on("message", (message) => room.hear(message as ToCheckers));
  say({ type: "hello", pid: process.pid });
  keepSmall(clock);
}

/** The first configuration decides what is kept; a later one that needs more makes vipd start this process again. */
function createPrepare(): (checks: readonly CheckerSettings[], namespace: string | undefined) => Prepared {
  let givenUp: ReadonlySet<number> | undefined;
  return (checks, namespace) => {
    const needs = needsOf(checks);
    const settled = givenUp !== undefined;
    if (givenUp === undefined) {
      const refused = enterNetwork(namespace);
      if (refused !== undefined) return { refused, startAgain: false };
      givenUp = becomeProbe(needs.map((need) => need.capability));
    }
    const held = heldCapabilities();
    const missing = needs.filter((need) => !held.has(need.capability));
    const startAgain = settled && missing.some((need) => givenUp?.has(need.capability));
    for (const need of missing) say({ type: "warning", reason: lackText(need, startAgain) });
    return { refused: undefined, startAgain };
  };
}

/** @returns why it cannot */
function enterNetwork(namespace: string | undefined): string | undefined {
  if (namespace === undefined) return undefined;
  try {
    enterNamespace(namespacePath(namespace), "network");
    return undefined;
  } catch (error) {
    return `cannot enter the network namespace ${namespace}: ${systemErrorCode(error)}`;
  }
}

/** @returns the capabilities that this process had and has no longer */
function becomeProbe(keep: readonly number[]): ReadonlySet<number> {
  const before = heldCapabilities();
  if (process.getuid?.() !== 0) return new Set();
  const account = localAccount(ACCOUNT);
  if (account === undefined) {
    const reason = `There is no account ${ACCOUNT}: the checkers stay uid 0, without capabilities; create it with systemd-sysusers`;
    say({ type: "warning", reason });
  }
  try {
    dropPrivileges({ uid: account?.uid ?? 0, gid: account?.gid ?? 0, keep: keep.filter((one) => before.has(one)) });
    return before.difference(new Set(keep));
  } catch (error) {
    const reason = `${error instanceof Error ? error.message : String(error)}: the checkers keep what they were started with`;
    say({ type: "warning", reason });
    return new Set();
  }
}

type Need = { readonly capability: number; readonly server: string; readonly why: string };

/** One of each kind: marks (CAP_NET_RAW will do from Linux 5.17 on), and source ports below 1024. */
function needsOf(checks: readonly CheckerSettings[]): readonly Need[] {
  const marked = checks.find(({ connection }) => connection.mark !== undefined);
  const low = checks.find(({ connection: { bindPort } }) => bindPort !== undefined && bindPort > 0 && bindPort < 1024);
  return [
    ...(marked === undefined ? [] : [needOf(marked, CAP.NET_RAW, "fwmark needs CAP_NET_RAW")]),
    ...(low === undefined
      ? []
      : [needOf(low, CAP.NET_BIND_SERVICE, "bind_port below 1024 needs CAP_NET_BIND_SERVICE")]),
  ];
}

function needOf({ server, service }: CheckerSettings, capability: number, why: string): Need {
  return { capability, server: `${server} of ${service}`, why };
}

function lackText({ server, why }: Need, startAgain: boolean): string {
  const what = startAgain
    ? "the checkers gave it up and start again"
    : "the checkers do not hold it: this check tells nothing";
  return `${server}: ${why}; ${what}`;
}

function say(message: FromCheckers): void {
  process.send?.(message);
}
