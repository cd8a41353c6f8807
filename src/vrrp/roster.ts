/** The instances and groups of a node, found by key, by timer, by what a packet says, and by group. */
import type { VrrpState } from "../events.ts";
import { type Instance, isAddressed, TIMER_KINDS } from "./instance.ts";
import type { TimerKind } from "./interface.ts";
import { vridOf } from "./packet.ts";
import type { Packet } from "./reception.ts";
import type { GroupSettings, RouterSettings } from "./settings.ts";

export type Group = { settings: GroupSettings; state: VrrpState; sinceMs: number };

export type Roster = {
  readonly instances: ReadonlyMap<string, Instance>;
  readonly groups: Map<string, Group>;
  add(instance: Instance): void;
  remove(instance: Instance): void;
  /** Gives it other settings under the same key. */
  resettle(instance: Instance, settings: RouterSettings): void;
  timer(name: string): { readonly instance: Instance; readonly kind: TimerKind } | undefined;
  receiver(packet: Packet): Instance | undefined;
  /** In the order of the file; none without a group. */
  members(group: GroupSettings | undefined): readonly Instance[];
  groupOf(settings: RouterSettings): GroupSettings | undefined;
};

export function createRoster(): Roster {
  const instances = new Map<string, Instance>();
  const groups = new Map<string, Group>();
  const timers = new Map<string, { readonly instance: Instance; readonly kind: TimerKind }>();
  /** By link, VRID and family: there is one, or a few that differ in their peers. */
  const byVrid = new Map<string, readonly Instance[]>();

  function index(instance: Instance): void {
    const name = placeOf(instance.settings);
    byVrid.set(name, [...(byVrid.get(name) ?? []), instance]);
  }

  function unindex(instance: Instance): void {
    const name = placeOf(instance.settings);
    const rest = (byVrid.get(name) ?? []).filter((other) => other !== instance);
    if (rest.length === 0) byVrid.delete(name);
    else byVrid.set(name, rest);
  }

  return {
    instances,
    groups,
    add(instance) {
      instances.set(instance.key, instance);
      index(instance);
      for (const kind of TIMER_KINDS) timers.set(instance.timers[kind], { instance, kind });
    },
    remove(instance) {
      instances.delete(instance.key);
      unindex(instance);
      for (const name of Object.values(instance.timers)) timers.delete(name);
    },
    resettle(instance, settings) {
      unindex(instance);
      instance.settings = settings;
      instance.lastPacket = undefined;
      index(instance);
    },
    timer: (name) => timers.get(name),
    /** Instances that share a VRID on a link are told apart by how the packet was addressed; one alone is asked what is wrong with it. */
    receiver({ link, from, to, bytes }) {
      const candidates = byVrid.get(place(link, vridOf(bytes) ?? 0, from.includes(":")));
      if (candidates === undefined || candidates.length === 1) return candidates?.[0];
      return candidates.find((candidate) => isAddressed(candidate, from, to));
    },
    members: (group) => (group === undefined ? [] : group.members.flatMap((key) => instances.get(key) ?? [])),
    groupOf: (settings) => (settings.group === undefined ? undefined : groups.get(settings.group)?.settings),
  };
}

function placeOf(settings: RouterSettings): string {
  return place(settings.links.adverts, settings.vrid, settings.family === "ipv6");
}

function place(link: string, vrid: number, isIpv6: boolean): string {
  return `${link} ${vrid} ${isIpv6}`;
}
