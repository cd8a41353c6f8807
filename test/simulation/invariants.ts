/**
 * What may be claimed of directors on a LAN. After every step: a group is of one mind, who has the addresses is master, and who is
 * master has them. In quiet times (nothing was cut, lost, paused, started or reconfigured for twice the longest Master_Down_Interval):
 * among nodes that hear each other both ways and are able, exactly one master, the highest rank unless something holds it back, and
 * whoever contested is forgotten by the client; and nothing moves any more.
 */
import type { Action } from "../../src/vrrp/interface.ts";
import type { RouterSettings } from "../../src/vrrp/settings.ts";
import type { Node } from "./node.ts";
import type { Simulation } from "./simulation.ts";

export type Watch = {
  /** Something happened from outside, or goes on happening: claims about the whole LAN begin anew. */
  disturb(): void;
  /** While true nothing is claimed of the whole LAN: packets get lost. */
  storm(on: boolean): void;
  /** Throws if the LAN is quiet and not as it must be. @returns how many claims were made */
  checkQuiet(): number;
  checks(): number;
};

/** @param calmMs how long nothing must have happened before claims are made */
export function watch(simulation: Simulation, nodes: readonly Node[], calmMs: number): Watch {
  const announcedMs = new Map<string, number>();
  const yieldedMs = new Map<string, number>();
  let calmSinceMs = 0;
  let stormy = false;
  let checks = 0;

  simulation.onStep((node, _event, actions) => {
    for (const action of actions) look(node, action);
    checkStep(node, actions);
  });

  function look(node: Node, action: Action): void {
    if (action.type === "announce") announcedMs.set(`${node.name} ${action.router.key}`, simulation.now());
    if (action.type !== "event" || action.body.type !== "vrrp.transition") return;
    const { from, to, instance } = action.body;
    if (isQuiet()) throw wrong(`${node.name}: ${instance} ${from} → ${to} although nothing happened`);
    if (from === "INIT" || from === "FAULT" || to === "FAULT") disturb();
    const key = node.settings().routers.find((router) => router.name === instance)?.key;
    if (from === "MASTER" && to === "BACKUP") yieldedMs.set(`${node.name} ${key}`, simulation.now());
  }

  function isQuiet(): boolean {
    return !stormy && simulation.now() - calmSinceMs >= calmMs;
  }

  function disturb(): void {
    calmSinceMs = simulation.now();
  }

  function checkStep(node: Node, actions: readonly Action[]): void {
    if (!actions.some((action) => action.type === "event")) return;
    for (const { key, name } of node.settings().routers) {
      const isMaster = node.stateOf(key) === "MASTER";
      if (isMaster !== node.kernel.has(key))
        throw wrong(`${node.name}: ${name} is ${node.stateOf(key)}, addresses ${!isMaster}`);
    }
    for (const group of node.settings().groups) {
      const states = new Set(group.members.map((key) => node.stateOf(key)));
      if (states.size > 1) throw wrong(`${node.name}: group ${group.name} is split: ${[...states].join(", ")}`);
    }
    checks++;
  }

  function checkQuiet(): number {
    if (!isQuiet()) return 0;
    let claims = 0;
    const routers = new Map(nodes.flatMap((node) => node.settings().routers.map((router) => [router.key, router])));
    for (const router of routers.values()) {
      for (const side of sides(router)) {
        checkSide(side, router);
        claims++;
      }
    }
    checks += claims;
    return claims;
  }

  /** Sets of able nodes that hear each other and nobody else; none if hearing is one-sided or not transitive. */
  function sides(router: RouterSettings): readonly (readonly Node[])[] {
    const able = nodes.filter(
      (node) => ["BACKUP", "MASTER"].includes(node.stateOf(router.key) ?? "") && !node.isPaused(),
    );
    if (router.group !== undefined && !sameGroups(router.group)) return [];
    const links = linksOf(router);
    const hears = (from: Node, to: Node) => links.map((link) => simulation.carries(from.name, to.name, link));
    const found = new Map<string, Node[]>();
    for (const one of able) {
      const heard = able.filter((other) => {
        if (other === one) return true;
        const ways = [...hears(one, other), ...hears(other, one)];
        return ways.every((carried) => carried);
      });
      const anybody = able.filter(
        (other) => other !== one && [...hears(one, other), ...hears(other, one)].includes(true),
      );
      if (anybody.length !== heard.length - 1) return [];
      found.set(heard.map(({ name }) => name).join(" "), heard);
    }
    const members = [...found.values()];
    return members.flat().length === able.length ? members : [];
  }

  /** Groups of other members move for other reasons. */
  function sameGroups(name: string): boolean {
    const running = nodes.filter((node) => node.isUp());
    const lists = running.map((node) =>
      node
        .settings()
        .groups.find((group) => group.name === name)
        ?.members.toSorted()
        .join(" "),
    );
    return new Set(lists).size === 1;
  }

  /** A group stands and falls with all links of its members. */
  function linksOf(router: RouterSettings): readonly string[] {
    if (router.group === undefined) return [router.links.adverts];
    const members = nodes.flatMap((node) => node.settings().routers.filter(({ group }) => group === router.group));
    return [...new Set(members.map(({ links }) => links.adverts))];
  }

  function checkSide(side: readonly Node[], { key, name }: RouterSettings): void {
    const masters = side.filter((node) => node.stateOf(key) === "MASTER");
    const [master] = masters;
    const who = side.map((node) => `${node.name} ${node.stateOf(key)} ${node.priorityOf(key)}`).join(", ");
    if (master === undefined || masters.length > 1) throw wrong(`${masters.length} masters of ${name} among ${who}`);
    const held = side.some((node) => {
      const own = node.settings().routers.find((router) => router.key === key);
      return own?.preempt === false || (own?.preemptDelayMs ?? 0) > 0 || node.settings().groups.length > 0;
    });
    const higher = side.find((node) => node.priorityOf(key) > master.priorityOf(key));
    if (!held && higher !== undefined) throw wrong(`${name}: ${master.name} is master below ${higher.name} (${who})`);
    for (const loser of side) {
      const left = yieldedMs.get(`${loser.name} ${key}`) ?? Number.NEGATIVE_INFINITY;
      const announced = announcedMs.get(`${master.name} ${key}`) ?? Number.NEGATIVE_INFINITY;
      // Announcements that others cause are bounded: the last one may come a second later.
      if (loser !== master && left >= calmSinceMs && left + 1000 <= simulation.now() && announced < left) {
        throw wrong(`${name}: ${master.name} did not announce after ${loser.name} left at ${left.toFixed(1)}`);
      }
    }
  }

  function wrong(words: string): Error {
    return new Error(`at ${simulation.now().toFixed(1)} ms: ${words}`);
  }

  return {
    disturb,
    storm(on) {
      stormy = on;
      disturb();
    },
    checkQuiet,
    checks: () => checks,
  };
}
