/** Nodes, a client and the switches between them, in virtual time. The same seed gives the same story. */
import { seededRandom } from "../../src/base/random.ts";
import type { Action, EngineEvent } from "../../src/vrrp/interface.ts";
import type { VrrpSettings } from "../../src/vrrp/settings.ts";
import { createLan, type Lan, type Weather } from "./lan.ts";
import { createNode, type Frame, type Node } from "./node.ts";
import { createStory } from "./story.ts";
import { createTime } from "./time.ts";

export type Simulation = {
  now(): number;
  /** A new node, running. Nodes have the addresses 10.0.<number of the link>.<1, 2, 3 …>, in the order in which they are added. */
  add(name: string, settings: VrrpSettings): Node;
  /** A new node that is off. */
  addStopped(name: string): Node;
  node(name: string): Node;
  advance(ms: number): void;
  /** What happened since the last call, one line each. */
  story(): string;
  /** A remark of the test's own, in the story. */
  note(text: string): void;
  /** One direction between two nodes, on one link or on all. */
  cut(from: string, to: string, link?: string): void;
  heal(from: string, to: string, link?: string): void;
  carries(from: string, to: string, link: string): boolean;
  /** Nobody hears it, the client included, and it hears nobody; its link stays up. */
  isolate(name: string): void;
  rejoin(name: string): void;
  setWeather(weather: Weather): void;
  /** Where the client sends what is meant for the addresses of this router. */
  clientSees(key: string): string | undefined;
  readonly onStep: (listener: StepListener) => void;
};

export type StepListener = (node: Node, event: EngineEvent, actions: readonly Action[]) => void;

export type SimulationOptions = {
  readonly seed?: number;
  readonly links?: readonly string[];
  readonly withStory?: boolean;
};

const CLIENT = "client";

export function createSimulation({ seed = 1, links = ["eth0"], withStory = true }: SimulationOptions = {}): Simulation {
  const time = createTime();
  const random = seededRandom(seed);
  const lans = new Map<string, Lan<Frame>>(links.map((link) => [link, createLan<Frame>(time, random)]));
  const nodes = new Map<string, Node>();
  const ports = new Map<string, number>();
  const clientView = new Map<string, string>();
  const story = createStory(() => time.now());
  const listeners: StepListener[] = [];

  for (const lan of lans.values()) {
    ports.set(
      CLIENT,
      lan.plug((frame) => {
        if (frame.type === "announcement") clientView.set(frame.key, frame.by);
      }),
    );
  }

  function node(name: string): Node {
    const found = nodes.get(name);
    if (found === undefined) throw new RangeError(`there is no node ${name}`);
    return found;
  }

  function portOf(name: string): number {
    const port = ports.get(name);
    if (port === undefined) throw new RangeError(`nothing called ${name} is plugged in`);
    return port;
  }

  function addStopped(name: string): Node {
    ports.set(name, nodes.size + 1);
    const made = createNode(name, nodes.size + 1, lans, time, {
      acted: (actor, action) => withStory && story.acted(actor.name, action),
      stepped: (actor, event, actions) => {
        for (const listener of listeners) listener(actor, event, actions);
      },
    });
    nodes.set(name, made);
    return made;
  }

  function forLans(link: string | undefined, change: (lan: Lan<Frame>) => void): void {
    for (const [name, lan] of lans) if (link === undefined || link === name) change(lan);
  }

  function eachOther(name: string, change: (lan: Lan<Frame>, own: number, other: number) => void): void {
    const own = portOf(name);
    for (const [otherName, other] of ports) {
      if (otherName !== name) forLans(undefined, (lan) => change(lan, own, other));
    }
  }

  return {
    now: time.now,
    addStopped,
    add(name, settings) {
      const made = addStopped(name);
      made.start(settings);
      return made;
    },
    node,
    advance: (ms) => time.runUntil(time.now() + ms),
    story: story.take,
    note: (text) => story.note("", text),
    cut(from, to, link) {
      story.note(from, `no longer heard by ${to}`);
      forLans(link, (lan) => lan.cut(portOf(from), portOf(to)));
    },
    heal(from, to, link) {
      story.note(from, `heard by ${to} again`);
      forLans(link, (lan) => lan.heal(portOf(from), portOf(to)));
    },
    carries: (from, to, link) => lans.get(link)?.carries(portOf(from), portOf(to)) ?? false,
    isolate(name) {
      story.note(name, "cut from the network");
      eachOther(name, (lan, own, other) => {
        lan.cut(own, other);
        lan.cut(other, own);
      });
    },
    rejoin(name) {
      story.note(name, "back on the network");
      eachOther(name, (lan, own, other) => {
        lan.heal(own, other);
        lan.heal(other, own);
      });
    },
    setWeather: (weather) => forLans(undefined, (lan) => lan.setWeather(weather)),
    clientSees: (key) => clientView.get(key),
    onStep: (listener) => void listeners.push(listener),
  };
}
