/**
 * `vipd: vrrp`: adverts, announcements, addresses, the state of links. It never waits: no disk, no name service, no script. It is realtime, holds
 * two capabilities, and when its parent is gone it hands over and removes its addresses.
 *
 * Memory: adverts are encoded once, timers are moved and not made, so that little garbage arises and its collection stays short.
 */
import { boottimeMs, setProcessName } from "dgram-ext";
import type { EventBody } from "../events.ts";
import { collectGarbage } from "../os/memory.ts";
import { guardSignals } from "../os/signals.ts";
import type { FromVrrp, ToVrrp } from "./messages.ts";
import { type Assembly, assemble, settingsOf } from "./vrrp/assembly.ts";
import { dryMachine } from "./vrrp/dry.ts";
import { realMachine } from "./vrrp/machine.ts";
import { createOutbox } from "./vrrp/outbox.ts";
import { leaveRoot, settle } from "./vrrp/privilege.ts";
import { rehearse } from "./vrrp/rehearsal.ts";
import { createRoom, type Room } from "./vrrp/room.ts";

/** How long an orderly end waits for the kernel to remove the addresses; in a hurry it hardly waits. */
const PATIENCE_MS = 5000;
const HURRY_MS = 250;
/** An advert that is a tenth of this late is no gap to a peer. */
const UNHURRIED_MS = 100;
/** Our own defect, sysexits.h EX_SOFTWARE. */
const EXIT_DEFECT = 70;

guardSignals();
serve();

function serve(): void {
  if (process.send === undefined) throw new TypeError("The vrrp process is a part of vipd, which starts it");
  process.title = "vipd: vrrp";
  setProcessName("vipd: vrrp");
  process.stderr.on("error", () => {}); // nobody reads any more: the channel tells
  process.on("uncaughtException", dieOfDefect);

  const outbox = createOutbox(write);
  let assembly: Assembly | undefined;
  let current: Assembly | undefined;
  let room: Room | undefined;
  /** The rehearsal is over before this process enters its namespace: sockets stay in the one where they were opened. */
  let ready = rehearse(() => assembly !== undefined);
  let ending = false;

  function hear(message: ToVrrp): void {
    switch (message.type) {
      case "begin":
      case "routers":
      case "groups":
        assembly = assemble(assembly, message);
        break;
      case "prepare":
        run(() => prepare(message.generation));
        break;
      case "commit":
        run(() => commit(message.generation));
        break;
      case "abandon":
        run(async () => abandon(message.generation));
        break;
      case "facts":
        run(async () => room?.hearFacts(message.facts));
        break;
      case "status":
        if (room !== undefined) outbox.send(room.status(message.id));
        break;
      case "ping":
        outbox.send({ type: "pong", id: message.id });
        break;
      case "stop":
        void end(message.hurry ? HURRY_MS : PATIENCE_MS);
        break;
    }
  }

  /** One after the other: a commit waits for what was left behind to be gone. */
  function run(deed: () => Promise<void>): void {
    ready = ready.then(deed).catch(dieOfDefect);
  }

  async function prepare(generation: number): Promise<void> {
    const next = assembly;
    if (next?.begin.generation !== generation) return;
    const refused = current === undefined ? await becomeReady(next) : refusal(current, next);
    if (refused === undefined) room?.prepare(settingsOf(next));
    outbox.send({ type: "prepared", generation, refused });
  }

  /** @returns why it cannot work at all */
  async function becomeReady({ begin }: Assembly): Promise<string | undefined> {
    if (room !== undefined) return undefined;
    const warn = (reason: string) => report({ type: "warning", reason });
    try {
      settle(begin, warn);
      const machine = realMachine((link) => outbox.send({ type: "promoted", link }));
      const info = (reason: string) => report({ type: "info", reason });
      room = createRoom(begin.dryRun ? dryMachine(machine, info) : machine, report);
    } catch (error) {
      if (error instanceof Error && "syscall" in error) return error.message;
      throw error;
    }
    await room.open();
    leaveRoot(warn);
    return undefined;
  }

  async function commit(generation: number): Promise<void> {
    const next = assembly;
    if (next?.begin.generation !== generation || room === undefined) return;
    current = next;
    await room.commit(settingsOf(next), next.begin.ours, next.begin.former);
    outbox.send({ type: "committed", generation });
    if (isUnhurried(next)) setImmediate(collectGarbage); // what the rehearsal or the reload left
  }

  function abandon(generation: number): void {
    if (assembly?.begin.generation !== generation) return;
    assembly = current;
    room?.abandon();
  }

  function report(body: EventBody, atMs = boottimeMs()): void {
    outbox.send({ type: "event", event: { body, monotonicMs: atMs } });
  }

  async function end(patienceMs: number): Promise<void> {
    if (ending && patienceMs > HURRY_MS) return;
    ending = true;
    await room?.stop(patienceMs);
    outbox.send({ type: "stopped" });
    outbox.flush(() => process.exit(0));
  }

  process.on("disconnect", () => void end(PATIENCE_MS));
  process.on("message", (message) => hear(message as ToVrrp));
  outbox.send({ type: "hello", pid: process.pid });
}

/** Whether the 10 ms of a collection delay nothing that a peer could notice. */
function isUnhurried(assembly: Assembly): boolean {
  return settingsOf(assembly).routers.every(({ intervalMs }) => intervalMs >= UNHURRIED_MS);
}

/** What cannot change while the process lives. */
function refusal({ begin: was }: Assembly, { begin: wanted }: Assembly): string | undefined {
  if (was.namespace === wanted.namespace && was.dryRun === wanted.dryRun) return undefined;
  return "the network namespace cannot be changed by a reload; restart vipd";
}

/** Nobody else sends on the channel; when it is closed, vipd is gone. */
function write(message: FromVrrp, done: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, {}, () => done());
  else done();
}

function dieOfDefect(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(EXIT_DEFECT);
}
