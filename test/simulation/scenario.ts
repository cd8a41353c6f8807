/**
 * A random life of two or three directors: a configuration, then one misfortune after the other, all from one number. Intervals reach
 * from 10 ms to 60 s, and misfortunes come every few of them.
 */
import { type Random, seededRandom } from "../../src/base/random.ts";
import type { GroupSettings, RouterSettings, VrrpSettings } from "../../src/vrrp/settings.ts";
import { masterDownMs } from "../../src/vrrp/timers.ts";
import { groupSettings, routerSettings, virtualAddress, vrrpSettings } from "../vrrp/fixtures.ts";
import { watch } from "./invariants.ts";
import { FAIR } from "./lan.ts";
import type { Node } from "./node.ts";
import { createSimulation, type Simulation } from "./simulation.ts";

export type Life = {
  readonly simulatedMs: number;
  readonly steps: number;
  readonly claims: number;
  readonly misfortunes: Readonly<Record<string, number>>;
};

type World = {
  readonly simulation: Simulation;
  readonly nodes: readonly Node[];
  readonly links: readonly string[];
  readonly random: Random;
  readonly intervalMs: number;
  readonly downMs: number;
  readonly storm: (on: boolean) => void;
};

/** Lives through `length` misfortunes. @throws {Error} what must not be, with the story that led there if `withStory` */
export function live(seed: number, length: number, withStory = false): Life {
  const random = seededRandom(seed);
  const intervalMs = pick(random, [10, 100, 1000, 2000, 10_000, 60_000]);
  const version = intervalMs % 1000 === 0 && random() < 0.6 ? 2 : 3;
  const links = random() < 0.5 ? ["eth0"] : ["eth0", "eth1"];
  const names = random() < 0.5 ? ["a", "b"] : ["a", "b", "c"];
  const plan = planOf(random, links, version === 3 ? Math.min(intervalMs, 40_000) : intervalMs, version);
  const simulation = createSimulation({ seed: Math.floor(random() * 2 ** 31), links, withStory });
  const nodes = names.map((name) => simulation.addStopped(name));
  const downMs = masterDownMs({ version, priority: 1, downAdverts: 3 }, plan.intervalMs);
  const watching = watch(simulation, nodes, 2 * downMs + plan.preemptDelayMs);
  const world = { simulation, nodes, links, random, intervalMs: plan.intervalMs, downMs, ...watching };
  const misfortunes: Record<string, number> = {};
  let steps = 0;
  simulation.onStep(() => steps++);
  try {
    for (const node of nodes) node.start(wishOf(random, plan));
    watching.disturb();
    for (let index = 0; index < length; index++) {
      simulation.advance(waitMs(random, downMs));
      watching.checkQuiet();
      const name = pick(random, MISFORTUNES);
      misfortunes[name] = (misfortunes[name] ?? 0) + 1;
      simulation.note(name);
      watching.disturb();
      DEEDS[name](world, plan);
    }
    watching.disturb();
    for (const node of nodes) if (node.isUp() && !node.isPaused()) node.stop();
  } catch (error) {
    const story = withStory ? `\n${simulation.story().split("\n").slice(-120).join("\n")}` : "";
    throw new Error(`VIPD_SEED=${seed} ${error instanceof Error ? error.message : String(error)}${story}`, {
      cause: error,
    });
  }
  return { simulatedMs: simulation.now(), steps, claims: watching.checks(), misfortunes };
}

// ── configurations ─────────────────────────────────────────────────────────────────────────────────────────────

type Plan = {
  readonly intervalMs: number;
  readonly version: 2 | 3;
  readonly routers: readonly { readonly vrid: number; readonly link: string }[];
  readonly grouped: boolean;
  readonly preempt: boolean;
  readonly preemptDelayMs: number;
  readonly yieldAdvert: boolean | undefined;
  readonly startupDelayMs: number;
  readonly tracked: boolean;
};

function planOf(random: Random, links: readonly string[], intervalMs: number, version: 2 | 3): Plan {
  const count = 1 + Math.floor(random() * 3);
  return {
    intervalMs,
    version,
    routers: Array.from({ length: count }, (_, index) => ({
      vrid: 10 + index,
      link: links[index % links.length] ?? "eth0",
    })),
    grouped: count > 1 && random() < 0.6,
    preempt: random() < 0.8,
    preemptDelayMs: random() < 0.15 ? 5 * intervalMs : 0,
    yieldAdvert: random() < 0.2 ? true : undefined,
    startupDelayMs: random() < 0.1 ? 4 * intervalMs : 0,
    tracked: random() < 0.5,
  };
}

function wishOf(random: Random, plan: Plan): VrrpSettings {
  const priority = pick(random, [50, 100, 100, 150, 200, 254]);
  const trackers = plan.tracked
    ? ([
        { tracker: "script", id: "chk", weight: plan.grouped ? 0 : -30, reverse: false },
        { tracker: "file", id: "hold", weight: plan.grouped ? 0 : 10, reverse: false },
      ] as const)
    : [];
  const routers = plan.routers.map(({ vrid, link }) =>
    routerSettings({
      vrid,
      link,
      priority,
      version: plan.version,
      intervalMs: plan.intervalMs,
      preempt: plan.preempt,
      preemptDelayMs: plan.preempt ? plan.preemptDelayMs : 0,
      higherPrioSendAdvert: plan.yieldAdvert,
      initial: priority > 150 ? "MASTER" : "BACKUP",
      group: plan.grouped ? "VG" : undefined,
      trackers,
    }),
  );
  const groups: readonly GroupSettings[] = plan.grouped ? [groupSettings("VG", routers)] : [];
  return vrrpSettings(routers, { groups, startupDelayMs: plan.startupDelayMs });
}

// ── misfortunes ────────────────────────────────────────────────────────────────────────────────────────────────

type Deed = (world: World, plan: Plan) => void;

const DEEDS = {
  cutOneWay: ({ simulation, random, nodes, links }) => {
    const [from, to] = two(random, nodes);
    simulation.cut(from.name, to.name, random() < 0.5 ? undefined : pick(random, links));
  },
  isolate: ({ simulation, random, nodes }) => simulation.isolate(pick(random, nodes).name),
  healAll: ({ simulation, nodes }) => healAll(simulation, nodes),
  loss: (world) => {
    const { simulation, random, storm, downMs } = world;
    storm(true);
    const least = world.intervalMs / 1000;
    simulation.setWeather({
      loss: random() * 0.5,
      duplication: random() * 0.2,
      delayMs: [least, least + (random() * world.intervalMs) / 5],
    });
    simulation.advance(random() * 4 * downMs);
    simulation.setWeather(FAIR);
    storm(false);
  },
  pause: ({ random, nodes, downMs, simulation, storm }) => {
    const node = pick(random, nodes);
    if (!node.isUp() || node.isPaused()) return;
    const forMs = random() < 0.5 ? random() * downMs : random() * 6 * downMs;
    storm(true);
    node.pause(forMs);
    simulation.advance(forMs);
    storm(false);
  },
  crash: ({ random, nodes }) => pick(random, nodes).crash(),
  restart: ({ random, nodes }, plan) => {
    const node = pick(random, nodes);
    if (!node.isPaused()) begin(node, random, plan);
  },
  startAll: ({ random, nodes }, plan) => {
    for (const node of nodes) if (!node.isUp()) begin(node, random, plan);
  },
  stop: ({ random, nodes }) => {
    const node = pick(random, nodes);
    if (node.isUp() && !node.isPaused()) node.stop();
  },
  reload: ({ random, nodes }, plan) => reload(pick(random, nodes), random, plan),
  rewire: ({ random, nodes }) => rewire(pick(random, nodes), random),
  link: ({ random, nodes, links }) => {
    const node = pick(random, nodes);
    if (!node.isPaused()) node.setLink(pick(random, links), random() < 0.6);
  },
  fact: ({ random, nodes }) => {
    const node = pick(random, nodes);
    if (node.isPaused()) return;
    const up = random() < 0.6;
    node.learn({
      tracker: "script",
      id: "chk",
      value: up ? "up" : "down",
      reason: up ? "exit status 0" : "exit status 1",
    });
    if (random() < 0.3) node.learn({ tracker: "file", id: "hold", value: Math.floor(random() * 3), reason: "read" });
  },
  rest: ({ simulation, downMs }) => simulation.advance(3 * downMs),
} as const satisfies Record<string, Deed>;

/** More often what mends than what breaks, so that there are quiet times. */
const MISFORTUNES: readonly (keyof typeof DEEDS)[] = [
  ...(Object.keys(DEEDS) as (keyof typeof DEEDS)[]),
  "healAll",
  "healAll",
  "startAll",
  "startAll",
  "restart",
  "rest",
  "fact",
];

function begin(node: Node, random: Random, plan: Plan): void {
  takenOut.delete(node);
  node.start(wishOf(random, plan));
}

function healAll(simulation: Simulation, nodes: readonly Node[]): void {
  for (const { name } of nodes) simulation.rejoin(name);
}

/** Changes one instance, or nothing. What the new file does not change must not be touched. */
function reload(node: Node, random: Random, plan: Plan): void {
  if (!node.isUp() || node.isPaused()) return;
  const before = node.settings();
  const changed = random() < 0.3 ? undefined : pick(random, before.routers);
  const routers = before.routers.map((router) =>
    router === changed ? alter(router, random) : structuredClone(router),
  );
  const actions = node.reload({ ...before, routers });
  const touched = actions.flatMap((action) => {
    if (action.type === "event") return [];
    return "router" in action ? [action.router.key] : [action.timer.slice(action.timer.indexOf(" ") + 1)];
  });
  const foreign = touched.filter((key) => key !== changed?.key);
  if (foreign.length > 0 && (!plan.grouped || changed === undefined)) {
    throw new Error(`the reload of ${changed?.name ?? "nothing"} touched ${foreign.join(", ")}`);
  }
}

/** Takes one instance out of the file, or puts back those that were taken out. Instances outside of groups must not notice. */
function rewire(node: Node, random: Random): void {
  if (!node.isUp() || node.isPaused()) return;
  const { routers: before, groups } = node.settings();
  const spare = takenOut.get(node) ?? [];
  const gone = spare.length > 0 ? undefined : pick(random, before);
  if (gone !== undefined && before.length === 1) return;
  const routers = gone === undefined ? [...before, ...spare] : before.filter((router) => router !== gone);
  takenOut.set(node, gone === undefined ? [] : [gone]);
  const members = routers.filter(({ group }) => group !== undefined);
  const actions = node.reload({
    ...node.settings(),
    routers,
    groups: groups.map((group) => ({ ...group, members: members.map(({ key }) => key) })),
  });
  const named = new Set([...spare, ...(gone === undefined ? [] : [gone])].map(({ key }) => key));
  for (const action of actions) {
    if ("router" in action && action.router.group === undefined && !named.has(action.router.key)) {
      throw new Error(`the reload of ${[...named].join(", ")} touched ${action.router.key}`);
    }
  }
}

const takenOut = new WeakMap<Node, readonly RouterSettings[]>();

function alter(router: RouterSettings, random: Random): RouterSettings {
  const roll = random();
  if (roll < 0.4 && router.group === undefined) return { ...router, priority: 1 + Math.floor(random() * 254) };
  if (roll < 0.7)
    return { ...router, garp: { ...router.garp, refreshMs: Math.floor(random() * 3) * 10 * router.intervalMs } };
  const address = virtualAddress(`192.0.2.${100 + Math.floor(random() * 100)}`, { link: router.links.adverts });
  return { ...router, excluded: [address] };
}

/** Often less than anybody waits, often long enough for peace. */
function waitMs(random: Random, downMs: number): number {
  return random() < 0.5 ? random() * downMs : random() * 5 * downMs;
}

function pick<T>(random: Random, from: readonly T[]): T {
  const chosen = from[Math.floor(random() * from.length)];
  if (chosen === undefined) throw new RangeError("nothing to choose from");
  return chosen;
}

function two(random: Random, nodes: readonly Node[]): readonly [Node, Node] {
  const first = pick(random, nodes);
  return [
    first,
    pick(
      random,
      nodes.filter((node) => node !== first),
    ),
  ];
}
