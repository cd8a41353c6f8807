/**
 * A node: the real engine and the real codec, with a virtual kernel around them. What a crash leaves behind stays (addresses); a
 * paused node's packets wait in its socket with the time of their arrival, and are read before its timers are looked at.
 */
import type { Deadline } from "../../src/base/deadlines.ts";
import type { EventBody, VrrpState } from "../../src/events.ts";
import { createEngine } from "../../src/vrrp/engine.ts";
import { createFrames, type Frames } from "../../src/vrrp/frames.ts";
import type { Action, Engine, EngineEvent, LinkState, TimerName } from "../../src/vrrp/interface.ts";
import { decodeIpv4 } from "../../src/vrrp/ipv4-header.ts";
import type { Fact, RouterSettings, VrrpSettings } from "../../src/vrrp/settings.ts";
import { linkState } from "../vrrp/fixtures.ts";
import type { Lan } from "./lan.ts";
import type { Time } from "./time.ts";

/** What is on the wire: an IPv4 packet, or an announcement of a router's addresses. */
export type Frame =
  | { readonly type: "packet"; readonly bytes: Uint8Array }
  | { readonly type: "announcement"; readonly key: string; readonly by: string };

export type Observer = {
  /** After each step of an engine, in the order in which things happened. */
  acted(node: Node, action: Action): void;
  stepped(node: Node, event: EngineEvent, actions: readonly Action[]): void;
};

export type Node = {
  readonly name: string;
  readonly isUp: () => boolean;
  readonly isPaused: () => boolean;
  readonly settings: () => VrrpSettings;
  stateOf(key: string): VrrpState | undefined;
  priorityOf(key: string): number;
  /** Addresses of these routers are in the kernel. */
  readonly kernel: ReadonlySet<string>;
  readonly engine: () => Engine | undefined;
  /** Sweeps what is left behind, then starts. */
  start(settings: VrrpSettings): void;
  reload(settings: VrrpSettings): readonly Action[];
  /** SIGTERM. */
  stop(): void;
  /** SIGKILL: not a word, and the addresses stay. */
  crash(): void;
  /** The process sleeps; packets go on arriving. */
  pause(forMs: number): void;
  setLink(name: string, running: boolean): void;
  learn(fact: Omit<Fact, "at">): void;
};

type Port = { readonly link: string; readonly lan: Lan<Frame>; readonly port: number; readonly state: LinkState };
type Waiting = { readonly link: string; readonly bytes: Uint8Array; readonly arrivedMs: number };

/** A socket's buffer: what comes when it is full is lost. */
const SOCKET_PACKETS = 200;

/** @param lans by name of link @param number the last byte of its addresses, 1–254 */
export function createNode(
  name: string,
  number: number,
  lans: ReadonlyMap<string, Lan<Frame>>,
  time: Time,
  observer: Observer,
): Node {
  const kernel = new Set<string>();
  const states = new Map<string, VrrpState>();
  const facts = new Map<string, Omit<Fact, "at">>();
  const ports = new Map<string, Port>();
  let timers = new Map<TimerName, Deadline>();
  let frames = new Map<string, Frames>();
  let engine: Engine | undefined;
  let settings: VrrpSettings | undefined;
  let pausedUntilMs = 0;
  let socket: Waiting[] = [];
  let due: { readonly timer: TimerName; readonly atMs: number }[] = [];

  for (const [index, [link, lan]] of [...lans].entries()) {
    const port = lan.plug((frame) => receive(link, frame));
    ports.set(link, { link, lan, port, state: linkState(link, `10.0.${index}.${number}`) });
  }

  function receive(link: string, frame: Frame): void {
    if (engine === undefined || frame.type !== "packet" || ports.get(link)?.state.running !== true) return;
    const arrivedMs = time.now();
    if (time.now() >= pausedUntilMs) read({ link, bytes: frame.bytes, arrivedMs });
    else if (socket.length < SOCKET_PACKETS) socket.push({ link, bytes: frame.bytes, arrivedMs });
  }

  function read({ link, bytes, arrivedMs }: Waiting): void {
    const packet = decodeIpv4(bytes);
    if (!packet.ok) throw new TypeError(`a node sent what is no IPv4 packet: ${packet.drop}`);
    const { from, to, ttl, payload } = packet.value;
    handle({ type: "packet", link, from, to, ttl, bytes: payload, arrivedMs });
  }

  function handle(event: EngineEvent): readonly Action[] {
    if (engine === undefined) return [];
    const actions = engine.handle(event, time.now());
    for (const action of actions) {
      perform(action);
      observer.acted(node, action);
    }
    observer.stepped(node, event, actions);
    return actions;
  }

  function perform(action: Action): void {
    switch (action.type) {
      case "arm":
        arm(action.timer, action.atMs);
        break;
      case "disarm":
        disarm(action.timer);
        break;
      case "advertise":
        send(action.router, action);
        break;
      case "addresses":
        if (action.wanted) kernel.add(action.router.key);
        else kernel.delete(action.router.key);
        break;
      case "announce":
        announce(action.router);
        break;
      case "event":
        remember(action.body);
        break;
    }
  }

  function remember(body: EventBody): void {
    if (body.type !== "vrrp.transition") return;
    const router = settings?.routers.find((candidate) => candidate.name === body.instance);
    if (router !== undefined) states.set(router.key, body.to);
  }

  function arm(timer: TimerName, atMs: number): void {
    const known = timers.get(timer);
    if (known !== undefined) time.move(known, atMs);
    else
      timers.set(
        timer,
        time.at(atMs, () => expire(timer)),
      );
  }

  function disarm(timer: TimerName): void {
    const known = timers.get(timer);
    if (known !== undefined) time.cancel(known);
    due = due.filter((waiting) => waiting.timer !== timer);
  }

  function expire(timer: TimerName): void {
    if (time.now() < pausedUntilMs) due.push({ timer, atMs: time.now() });
    else handle({ type: "expired", timer, lateMs: 0 });
  }

  function send(router: RouterSettings, { advert }: Extract<Action, { type: "advertise" }>): void {
    const port = ports.get(router.links.adverts);
    const to = router.destinations[0];
    const from = router.source ?? port?.state.source.ipv4;
    if (port === undefined || to === undefined || from === undefined || !port.state.running) return;
    const known = frames.get(router.key) ?? createFrames();
    frames.set(router.key, known);
    // A frame on its way must not change when the next one is made.
    port.lan.send(port.port, { type: "packet", bytes: known.frame(advert, from, to, router.checksumAsV2).slice() });
  }

  function announce(router: RouterSettings): void {
    const port = ports.get(router.links.addresses);
    if (port?.state.running === true) port.lan.send(port.port, { type: "announcement", key: router.key, by: name });
  }

  /** As the shell does it: sockets first, then the lateness, then the timers. */
  function wake(): void {
    if (engine === undefined || time.now() < pausedUntilMs) return;
    const packets = socket;
    socket = [];
    for (const packet of packets) read(packet);
    const [first] = due;
    if (first !== undefined) handle({ type: "stalled", lateMs: time.now() - first.atMs });
    for (let next = due.shift(); next !== undefined; next = due.shift()) {
      handle({ type: "expired", timer: next.timer, lateMs: time.now() - next.atMs });
    }
  }

  function vanish(): void {
    for (const timer of timers.values()) time.cancel(timer);
    timers = new Map();
    frames = new Map();
    states.clear();
    engine = undefined;
    pausedUntilMs = 0;
    socket = [];
    due = [];
  }

  const node: Node = {
    name,
    isUp: () => engine !== undefined,
    isPaused: () => time.now() < pausedUntilMs,
    settings: () => settings ?? { routers: [], groups: [], startupDelayMs: 0, announceGapMs: { ipv4: 0, ipv6: 0 } },
    stateOf: (key) => (engine === undefined ? undefined : (states.get(key) ?? "INIT")),
    priorityOf: (key) => engine?.routers(time.now()).find((router) => router.key === key)?.priority ?? 0,
    kernel,
    engine: () => engine,
    start(next) {
      vanish();
      kernel.clear();
      settings = next;
      engine = createEngine();
      for (const { state } of ports.values()) handle({ type: "link", state });
      for (const fact of facts.values()) handle({ type: "fact", fact: { ...fact, at: time.now() } });
      handle({ type: "configure", settings: next });
    },
    reload(next) {
      settings = next;
      const actions = handle({ type: "configure", settings: next });
      for (const key of states.keys()) {
        if (!next.routers.some((router) => router.key === key)) states.delete(key);
      }
      return actions;
    },
    stop() {
      handle({ type: "stop" });
      vanish();
    },
    crash: vanish,
    pause(forMs) {
      pausedUntilMs = time.now() + forMs;
      time.at(pausedUntilMs, wake);
    },
    setLink(link, running) {
      const port = ports.get(link);
      if (port === undefined || port.state.running === running) return;
      const state = { ...port.state, running };
      ports.set(link, { ...port, state });
      handle({ type: "link", state });
    },
    learn(fact) {
      facts.set(`${fact.tracker} ${fact.id}`, fact);
      handle({ type: "fact", fact: { ...fact, at: time.now() } });
    },
  };
  return node;
}
