/**
 * Sync groups (vrrp_sync_group): members move together and are never split. A member becomes master only when every other member
 * would; the first that leaves takes the others along. Faults of one are faults of all: the engine hands them round before it asks here.
 */
import type { VrrpState } from "../events.ts";
import type { Event, State } from "./state.ts";

export type Member = { readonly key: string; readonly name: string; readonly state: State };
export type Move = { readonly key: string; readonly event: Event };

/** What keeps the group together, given how its members stand; in the order of the file. Nothing to do = empty. */
export function nextMoves(group: string, members: readonly Member[]): readonly Move[] {
  const others = members.filter(({ state }) => state.name !== "MASTER");
  if (others.length === 0) return [];
  if (others.length === members.length) return allReady(others) ? take(others) : [];
  // One that a reload has just added goes along with the masters that it joins.
  if (others.every(({ state }) => state.name === "BACKUP" && state.fresh)) return join(group, others);
  const [left] = others.filter(({ state }) => state.name !== "INIT");
  if (left === undefined) return [];
  const reason = `group ${group}: ${left.name}: ${left.state.reason}`;
  return members.flatMap(({ key, state }) =>
    state.name === "MASTER" ? [{ key, event: { type: "yield", reason } }] : [],
  );
}

/** What the group is in, as a whole: INIT and FAULT if any member is, MASTER if all are. */
export function groupState(states: readonly VrrpState[]): VrrpState {
  for (const state of ["FAULT", "INIT", "STOP"] as const) {
    if (states.includes(state)) return state;
  }
  return states.every((state) => state === "MASTER") ? "MASTER" : "BACKUP";
}

function allReady(members: readonly Member[]): boolean {
  return members.every(({ state }) => state.name === "BACKUP" && state.ready !== undefined);
}

function take(members: readonly Member[]): readonly Move[] {
  return members.flatMap(({ key, state }) =>
    state.name === "BACKUP" && state.ready !== undefined ? [{ key, event: { type: "take", reason: state.ready } }] : [],
  );
}

function join(group: string, members: readonly Member[]): readonly Move[] {
  return members.map(({ key }) => ({ key, event: { type: "take", reason: `joins group ${group}, which is master` } }));
}
