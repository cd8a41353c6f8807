/** What the engine knows of links, tracked things and what can be heard, and what is new about it, in words. */
import { isDeepStrictEqual } from "node:util";
import type { EventBody } from "../events.ts";
import type { LinkState } from "./interface.ts";
import type { FactOf } from "./priority.ts";
import type { Fact, Tracking, VrrpSettings } from "./settings.ts";

export type Surroundings = {
  readonly linkOf: (name: string) => LinkState | undefined;
  readonly factOf: FactOf;
  /** Why the router with this key cannot hear its peers. */
  readonly deafnessOf: (router: string) => string | undefined;
};

export type Knowledge = Surroundings & {
  /** @returns undefined if nothing changed; `event` if it went up or down */
  learnLink(state: LinkState): { readonly cause: string; readonly event: EventBody | undefined } | undefined;
  /** @returns what changed in words, undefined if the value is the same */
  learnFact(fact: Fact): string | undefined;
  /** @param reason undefined = it can hear @returns whether that is new */
  learnHearing(router: string, reason: string | undefined): boolean;
  /** Forgets the facts that nobody asks for by this configuration: whoever asks again waits for news. */
  keepFor(settings: VrrpSettings): void;
};

export function createKnowledge(): Knowledge {
  const links = new Map<string, LinkState>();
  const facts = new Map<string, Fact>();
  const deafness = new Map<string, string>();

  /** Links are trackers too; a fact about one, if there is any, is better informed. */
  function linkFact(name: string): Pick<Fact, "value" | "reason"> | undefined {
    const link = links.get(name);
    return link && { value: isUp(link) ? "up" : "down", reason: linkWords(link) };
  }

  return {
    linkOf: (name) => links.get(name),
    factOf: (tracker, id) => facts.get(nameOf({ tracker, id })) ?? (tracker === "interface" ? linkFact(id) : undefined),
    deafnessOf: (router) => deafness.get(router),
    learnLink(state) {
      const before = links.get(state.name);
      if (isDeepStrictEqual(before, state)) return undefined;
      links.set(state.name, state);
      const wasUp = before !== undefined && isUp(before);
      const nowUp = isUp(state);
      const cause = nowUp && !wasUp ? `link ${state.name} came up` : `link ${state.name} changed`;
      if (before === undefined || wasUp === nowUp) return { cause, event: undefined };
      const [from, to] = wasUp ? (["up", "down"] as const) : (["down", "up"] as const);
      return {
        cause,
        event: { type: "tracker", kind: "interface", name: state.name, from, to, reason: linkWords(state) },
      };
    },
    learnFact(fact) {
      const name = nameOf(fact);
      const before = facts.get(name);
      facts.set(name, fact);
      if (before?.value === fact.value) return undefined;
      return typeof fact.value === "number" ? `${name} says ${fact.value}` : `${name} is ${fact.value}`;
    },
    learnHearing(router, reason) {
      if (deafness.get(router) === reason) return false;
      if (reason === undefined) deafness.delete(router);
      else deafness.set(router, reason);
      return true;
    },
    keepFor({ routers, groups }) {
      const tracked = new Set([...routers, ...groups].flatMap(({ trackers }) => trackers.map(nameOf)));
      const keys = new Set(routers.map(({ key }) => key));
      for (const name of facts.keys()) if (!tracked.has(name)) facts.delete(name);
      for (const key of deafness.keys()) if (!keys.has(key)) deafness.delete(key);
    },
  };
}

function nameOf({ tracker, id }: Pick<Tracking, "tracker" | "id">): string {
  return `${tracker} ${id}`;
}

function isUp(link: LinkState): boolean {
  return link.present && link.running;
}

function linkWords(link: LinkState): string {
  if (!link.present) return "link is missing";
  return `link is ${link.running ? "up" : "down"}`;
}
