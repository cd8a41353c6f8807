/** The protocol as a table, one row for each sentence; sections of RFC 9568, or of keepalived's behaviour where the RFC is silent. */
import { describe, expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { timerNames } from "../../src/vrrp/instance.ts";
import type { Action, Advert, TimerKind } from "../../src/vrrp/interface.ts";
import { step } from "../../src/vrrp/machine.ts";
import type { RouterSettings } from "../../src/vrrp/settings.ts";
import type { Backup, Event, Fault, Init, Master, Rival, Router, State } from "../../src/vrrp/state.ts";
import { routerSettings } from "./fixtures.ts";

const NOW = 100_000;
const SELF = ip("10.0.0.5");
const LOWER = ip("10.0.0.4");
const HIGHER = ip("10.0.0.6");

const init: Init = { name: "INIT", sinceMs: 0, reason: "not started", master: undefined };
const fault: Fault = { name: "FAULT", sinceMs: 0, reason: "link eth0 is down", master: undefined };
const backup: Backup = {
  name: "BACKUP",
  sinceMs: 0,
  reason: "started",
  master: { ip: HIGHER, priority: 200, intervalMs: 1000, heardMs: NOW - 500 },
  intervalMs: 1000,
  countFromMs: NOW - 500,
  masterDownAtMs: NOW + 3109.375,
  delay: "idle",
  hurry: undefined,
  listening: false,
  ready: undefined,
  fresh: false,
};
const down: Backup = {
  ...backup,
  master: { ip: HIGHER, priority: 200, intervalMs: 1000, heardMs: NOW - 3609.375 },
  countFromMs: NOW - 3609.375,
  masterDownAtMs: NOW,
};
const master: Master = {
  name: "MASTER",
  sinceMs: 0,
  reason: "no advert from anybody for 3.61 s",
  master: undefined,
  sentMs: NOW - 1000,
  advertAtMs: NOW,
  quietUntilMs: undefined,
  answeredMs: Number.NEGATIVE_INFINITY,
  defenceMs: 0,
  bursts: {},
  rival: undefined,
};

/** It was heard once, 9 s ago, and is not told of yet. */
const goneRival: Rival = {
  ip: HIGHER,
  priority: 99,
  intervalMs: 1000,
  sinceMs: NOW - 9000,
  heardMs: NOW - 9000,
  adverts: 1,
  told: false,
};

type Row = {
  readonly says: string;
  readonly from: State;
  readonly on: Event;
  readonly router?: Changes;
  readonly to: State["name"];
  readonly does: readonly string[];
};
type Changes = Partial<Router> & { readonly set?: Partial<RouterSettings> };

const expired = (timer: TimerKind): Event => ({ type: "expired", timer });
const assessed: Event = { type: "assessed", cause: "link eth0 came up" };

describe("§6.4.1 Initialize", () => {
  rows([
    {
      says: "(145) everybody but the owner listens for Master_Down_Interval first, MASTER in the file or not",
      from: init,
      on: assessed,
      router: { set: { initial: "MASTER" } },
      to: "BACKUP",
      does: ["leave", "arm masterDown +3609.375", "INIT → BACKUP: link eth0 came up"],
    },
    {
      says: "(110) the owner begins as master",
      from: init,
      on: assessed,
      router: { set: { initial: "MASTER", priority: 255 }, priority: 255 },
      to: "MASTER",
      does: [
        "advertise 255",
        "take",
        "announce 5",
        "arm advert +1000",
        "arm announce +5000",
        "INIT → MASTER: owner of the addresses (priority 255)",
      ],
    },
    {
      says: "the owner in a group waits for the others",
      from: init,
      on: assessed,
      router: { set: { initial: "MASTER", priority: 255 }, priority: 255, grouped: true },
      to: "BACKUP",
      does: ["INIT → BACKUP: link eth0 came up"],
    },
    {
      says: "silent until every script has answered",
      from: init,
      on: assessed,
      router: { waiting: ["script chk"], faults: ["link eth0 is down"] },
      to: "INIT",
      does: [],
    },
    {
      says: "what keeps it from being master is FAULT",
      from: init,
      on: assessed,
      router: { faults: ["link eth0 is down"] },
      to: "FAULT",
      does: ["leave", "INIT → FAULT: link eth0 is down"],
    },
    { says: "adverts mean nothing", from: init, on: heard(200), to: "INIT", does: [] },
    { says: "timers mean nothing", from: init, on: expired("masterDown"), to: "INIT", does: [] },
  ]);
});

describe("§6.4.2 Backup", () => {
  rows([
    {
      says: "(365) Master_Down_Timer fires: advert, addresses, announcement, in this order",
      from: down,
      on: expired("masterDown"),
      to: "MASTER",
      does: [
        "advertise 100",
        "take",
        "announce 5",
        "arm advert +1000",
        "disarm masterDown",
        "arm announce +5000",
        "BACKUP → MASTER: no advert from 10.0.0.6 for 3.61 s",
      ],
    },
    {
      says: "an expiry that an advert has overtaken is stale",
      from: backup,
      on: expired("masterDown"),
      to: "BACKUP",
      does: [],
    },
    {
      says: "in a group it is ready, and waits",
      from: down,
      on: expired("masterDown"),
      router: { grouped: true },
      to: "BACKUP",
      does: [],
    },
    {
      says: "(425) priority 0: Skew_Time is left",
      from: backup,
      on: heard(0),
      to: "BACKUP",
      does: ["arm masterDown +609.375"],
    },
    {
      says: "priority 0 never makes it wait longer",
      from: { ...backup, masterDownAtMs: NOW + 10 },
      on: heard(0),
      to: "BACKUP",
      does: [],
    },
    {
      says: "(445) higher priority: the timer starts again",
      from: backup,
      on: heard(200),
      to: "BACKUP",
      does: ["arm masterDown +3609.375"],
    },
    {
      says: "(445) equal priority, from whatever address",
      from: backup,
      on: heard(100, LOWER),
      to: "BACKUP",
      does: ["arm masterDown +3609.375"],
    },
    { says: "(490) lower priority is ignored", from: backup, on: heard(99), to: "BACKUP", does: [] },
    {
      says: "(445) Preempt_Mode false: lower priority counts as well",
      from: backup,
      on: heard(99),
      router: { set: { preempt: false } },
      to: "BACKUP",
      does: ["arm masterDown +3609.375"],
    },
    {
      says: "an advert counts from its arrival, however late it is read",
      from: backup,
      on: heard(200, HIGHER, { arrivedMs: NOW - 3000 }),
      to: "BACKUP",
      does: ["arm masterDown +609.375"],
    },
    {
      says: "(455) version 3 learns the interval, and its skew with it",
      from: backup,
      on: heard(200, HIGHER, { intervalMs: 200 }),
      router: { set: { version: 3 } },
      to: "BACKUP",
      does: ["arm masterDown +721.875"],
    },
    {
      says: "preempt_delay begins with the first lower advert, which counts like a higher one",
      from: backup,
      on: heard(99),
      router: { set: { preemptDelayMs: 60_000 } },
      to: "BACKUP",
      does: ["arm masterDown +3609.375", "arm preempt +60000"],
    },
    {
      says: "preempt_delay is not begun twice",
      from: { ...backup, delay: "running" },
      on: heard(99),
      router: { set: { preemptDelayMs: 60_000 } },
      to: "BACKUP",
      does: ["arm masterDown +3609.375"],
    },
    {
      says: "preempt_delay ends when a higher advert is heard",
      from: { ...backup, delay: "running" },
      on: heard(200),
      router: { set: { preemptDelayMs: 60_000 } },
      to: "BACKUP",
      does: ["arm masterDown +3609.375", "disarm preempt"],
    },
    {
      says: "after preempt_delay a lower advert is ignored",
      from: { ...backup, delay: "over" },
      on: heard(99),
      router: { set: { preemptDelayMs: 60_000 } },
      to: "BACKUP",
      does: [],
    },
    {
      says: "(325) stop: not a word on the wire",
      from: backup,
      on: { type: "stop", reason: "vipd stops", deleted: false },
      to: "INIT",
      does: ["leave", "disarm masterDown", "BACKUP → STOP: vipd stops"],
    },
    {
      says: "a fault: not a word on the wire",
      from: backup,
      on: assessed,
      router: { faults: ["script chk failed: exit status 1"] },
      to: "FAULT",
      does: ["leave", "disarm masterDown", "BACKUP → FAULT: script chk failed: exit status 1"],
    },
    {
      says: "a timer later than others would wait: it listens for an interval and the skew",
      from: { ...down, masterDownAtMs: NOW - 3007.9 },
      on: expired("masterDown"),
      to: "BACKUP",
      does: ["arm masterDown +1609.375", "stalled 3007.9: listens for 1.61 s before it takes over"],
    },
    {
      says: "having listened it acts",
      from: { ...down, listening: true, masterDownAtMs: NOW - 9000 },
      on: expired("masterDown"),
      to: "MASTER",
      does: [
        "advertise 100",
        "take",
        "announce 5",
        "arm advert +1000",
        "disarm masterDown",
        "arm announce +5000",
        "BACKUP → MASTER: no advert from 10.0.0.6 for 3.61 s",
      ],
    },
    {
      says: "the master has resigned on another link of the group: one missed advert and the skew are enough",
      from: backup,
      on: { type: "siblingResigned", sibling: "VI_2" },
      to: "BACKUP",
      does: ["arm masterDown +1109.375"],
    },
  ]);
});

describe("§6.4.3 Master", () => {
  rows([
    {
      says: "(685) Adver_Timer fires",
      from: master,
      on: expired("advert"),
      to: "MASTER",
      does: ["advertise 100", "arm advert +1000"],
    },
    {
      says: "a little lateness does not add up",
      from: { ...master, advertAtMs: NOW - 30 },
      on: expired("advert"),
      to: "MASTER",
      does: ["advertise 100", "arm advert +970"],
    },
    {
      says: "an expiry that an answer has overtaken is stale",
      from: { ...master, advertAtMs: NOW + 1 },
      on: expired("advert"),
      to: "MASTER",
      does: [],
    },
    {
      says: "(700) priority 0: an advert at once",
      from: master,
      on: heard(0),
      to: "MASTER",
      does: ["advertise 100", "arm advert +1000"],
    },
    {
      says: "a second within an interval is answered by the regular advert",
      from: { ...master, answeredMs: NOW - 999 },
      on: heard(0),
      to: "MASTER",
      does: [],
    },
    {
      says: "(750) higher priority: one last advert, then it gives way",
      from: master,
      on: heard(200),
      to: "BACKUP",
      does: [
        "advertise 100",
        "leave",
        "disarm advert",
        "arm masterDown +3609.375",
        "MASTER → BACKUP: 10.0.0.6 advertises priority 200 > 100",
      ],
    },
    {
      says: "no last advert under vrrp_strict",
      from: master,
      on: heard(200),
      router: { set: { strict: true } },
      to: "BACKUP",
      does: [
        "leave",
        "disarm advert",
        "arm masterDown +3609.375",
        "MASTER → BACKUP: 10.0.0.6 advertises priority 200 > 100",
      ],
    },
    {
      says: "no last advert under vrrp_higher_prio_send_advert false",
      from: master,
      on: heard(200),
      router: { set: { higherPrioSendAdvert: false } },
      to: "BACKUP",
      does: [
        "leave",
        "disarm advert",
        "arm masterDown +3609.375",
        "MASTER → BACKUP: 10.0.0.6 advertises priority 200 > 100",
      ],
    },
    {
      says: "(750) equal priority from a higher address: it gives way",
      from: master,
      on: heard(100, HIGHER),
      to: "BACKUP",
      does: [
        "advertise 100",
        "leave",
        "disarm advert",
        "arm masterDown +3609.375",
        "MASTER → BACKUP: 10.0.0.6 advertises our priority 100 from a higher address",
      ],
    },
    {
      says: "(765) equal priority from a lower address: it defends itself",
      from: master,
      on: heard(100, LOWER),
      to: "MASTER",
      does: [
        "arm contest +3000",
        "advertise 100",
        "arm advert +1000",
        "announce 5",
        "arm announce +5000",
        "lower 100 of 10.0.0.4",
      ],
    },
    {
      says: "(765) lower priority: advert, announcement, and another one later",
      from: master,
      on: heard(99),
      to: "MASTER",
      does: [
        "arm contest +3000",
        "advertise 100",
        "arm advert +1000",
        "announce 5",
        "arm announce +5000",
        "lower 99 of 10.0.0.6",
      ],
    },
    {
      says: "lower priority under lower_prio_no_advert: no advert",
      from: master,
      on: heard(99),
      router: { set: { lowerPrioNoAdvert: true } },
      to: "MASTER",
      does: ["arm contest +3000", "announce 5", "arm announce +5000", "lower 99 of 10.0.0.6"],
    },
    {
      says: "its own address from elsewhere changes nothing",
      from: master,
      on: heard(100, SELF),
      to: "MASTER",
      does: [],
    },
    {
      says: "two owners: the lower address gives way",
      from: master,
      on: heard(255),
      router: { set: { priority: 255 }, priority: 255 },
      to: "BACKUP",
      does: [
        "advertise 255",
        "leave",
        "disarm advert",
        "arm masterDown +3003.906",
        "MASTER → BACKUP: 10.0.0.6 advertises our priority 255 from a higher address",
      ],
    },
    {
      says: "owner_ignore_adverts: nothing is heard",
      from: master,
      on: heard(255),
      router: { set: { priority: 255, ownerIgnoreAdverts: true }, priority: 255 },
      to: "MASTER",
      does: [],
    },
    {
      says: "(655) stop: priority 0, then the addresses go",
      from: master,
      on: { type: "stop", reason: "vipd stops", deleted: false },
      to: "INIT",
      does: ["advertise 0", "leave", "disarm advert", "MASTER → STOP: vipd stops"],
    },
    {
      says: "a fault: priority 0, then the addresses go",
      from: master,
      on: assessed,
      router: { faults: ["script chk failed: exit status 1"] },
      to: "FAULT",
      does: ["advertise 0", "leave", "disarm advert", "MASTER → FAULT: script chk failed: exit status 1"],
    },
    {
      says: "a fault of the link: there is nothing to send on",
      from: master,
      on: assessed,
      router: { faults: ["link eth0 is down"], canSend: false },
      to: "FAULT",
      does: ["leave", "disarm advert", "MASTER → FAULT: link eth0 went down"],
    },
    {
      says: "another member of its group has left: it goes along",
      from: master,
      on: { type: "yield", reason: "group VG: VI_2: 10.0.0.6 advertises priority 200 > 100" },
      to: "BACKUP",
      does: [
        "advertise 100",
        "leave",
        "disarm advert",
        "arm masterDown +3609.375",
        "MASTER → BACKUP: group VG: VI_2: 10.0.0.6 advertises priority 200 > 100",
      ],
    },
    {
      says: "the second burst, then refreshes",
      from: { ...master, bursts: { second: { atMs: NOW, repeat: 5 }, refresh: { atMs: NOW + 60_000, repeat: 1 } } },
      on: expired("announce"),
      to: "MASTER",
      does: ["announce 5", "arm announce +60000"],
    },
    {
      says: "a refresh plans the next one",
      from: { ...master, bursts: { refresh: { atMs: NOW, repeat: 1 } } },
      on: expired("announce"),
      router: { set: { garp: { ...routerSettings().garp, refreshMs: 30_000 } } },
      to: "MASTER",
      does: ["announce 1", "arm announce +30000"],
    },
  ]);
});

describe("a master that has slept", () => {
  const asleep: Master = { ...master, sentMs: NOW - 3008, advertAtMs: NOW - 2008 };
  rows([
    {
      says: "3 intervals and the skew of 254 late: silent for an interval, with its addresses",
      from: asleep,
      on: expired("advert"),
      to: "MASTER",
      does: ["disarm advert", "arm quiet +1000", "stalled 2008: keeps its addresses and listens for 1 s"],
    },
    {
      says: "a moment less is no stall",
      from: { ...master, sentMs: NOW - 3007, advertAtMs: NOW - 2007 },
      on: expired("advert"),
      to: "MASTER",
      does: ["advertise 100", "arm advert +1000"],
    },
    {
      says: "the loop's own lateness is enough to know",
      from: asleep,
      on: { type: "stalled" },
      to: "MASTER",
      does: ["disarm advert", "arm quiet +1000", "stalled 2008: keeps its addresses and listens for 1 s"],
    },
    {
      says: "while it listens a lower advert is not answered",
      from: { ...master, quietUntilMs: NOW + 500 },
      on: heard(99),
      to: "MASTER",
      does: ["arm contest +3000"],
    },
    {
      says: "while it listens a higher advert makes it give way",
      from: { ...master, quietUntilMs: NOW + 500 },
      on: heard(200),
      to: "BACKUP",
      does: [
        "advertise 100",
        "leave",
        "disarm advert",
        "disarm quiet",
        "arm masterDown +3609.375",
        "MASTER → BACKUP: 10.0.0.6 advertises priority 200 > 100",
      ],
    },
    {
      says: "an advert read before its own timers tells it too",
      from: asleep,
      on: heard(99),
      to: "MASTER",
      does: [
        "disarm advert",
        "arm quiet +1000",
        "stalled 2008: keeps its addresses and listens for 1 s",
        "arm contest +3000",
      ],
    },
    {
      says: "who gave way before the stall and is heard after it contests from then on",
      from: { ...master, quietUntilMs: NOW + 500, rival: { ...goneRival, heardMs: NOW - 3000 } },
      on: heard(99),
      to: "MASTER",
      does: ["arm contest +3000"],
    },
    {
      says: "who is heard all the time contests from the first time on",
      from: { ...master, quietUntilMs: NOW + 500, rival: { ...goneRival, heardMs: NOW - 1000 } },
      on: heard(99),
      to: "MASTER",
      does: ["contest begin 9000: 10.0.0.6"],
    },
    {
      says: "nobody came: it goes on and announces its addresses",
      from: { ...master, quietUntilMs: NOW },
      on: expired("quiet"),
      to: "MASTER",
      does: ["advertise 100", "announce 5", "arm advert +1000"],
    },
  ]);
});

describe("FAULT", () => {
  rows([
    {
      says: "ends in BACKUP, for the whole Master_Down_Interval",
      from: fault,
      on: assessed,
      to: "BACKUP",
      does: ["arm masterDown +3609.375", "FAULT → BACKUP: link eth0 came up"],
    },
    {
      says: "an owner waits for one interval and the skew",
      from: fault,
      on: assessed,
      router: { set: { priority: 255, initial: "MASTER" }, priority: 255 },
      to: "BACKUP",
      does: ["arm masterDown +1003.906", "FAULT → BACKUP: link eth0 came up"],
    },
    {
      says: "lasts while one fault is left",
      from: fault,
      on: assessed,
      router: { faults: ["link eth0 is down", "x"] },
      to: "FAULT",
      does: [],
    },
    {
      says: "lasts while another fault is left, and says which",
      from: fault,
      on: assessed,
      router: { faults: ["x"] },
      to: "FAULT",
      does: ["vrrp.warning"],
    },
    { says: "adverts mean nothing", from: fault, on: heard(1), to: "FAULT", does: [] },
  ]);
});

test("what one does not say, no state minds: every event in every state, nothing thrown", () => {
  const events: readonly Event[] = [
    assessed,
    heard(0),
    heard(255),
    ...(["masterDown", "advert", "preempt", "announce", "quiet", "contest", "startup", "alone"] as const).map(expired),
    { type: "stalled" },
    { type: "take", reason: "" },
    { type: "yield", reason: "" },
    { type: "siblingResigned", sibling: "" },
    { type: "siblingContested" },
    { type: "configured", before: routerSettings() },
    { type: "stop", reason: "", deleted: true },
  ];
  for (const state of [init, fault, backup, master]) {
    for (const event of events) expect(step(state, event, routerOf({}), NOW).state.name).toMatch(/^[A-Z]+$/);
  }
});

function rows(table: readonly Row[]): void {
  test.each(table)("$says", ({ from, on, router = {}, to, does }) => {
    const next = step(from, on, routerOf(router), NOW);
    expect(next.state.name).toBe(to);
    expect(next.actions.map(words)).toEqual(does);
  });
}

function routerOf({ set = {}, ...changes }: Changes): Router {
  const settings = routerSettings(set);
  const priority = changes.priority ?? settings.priority;
  const { version, vrid, intervalMs, authentication } = settings;
  const advert: Advert = { version, vrid, priority, intervalMs, authentication, addresses: [] };
  return {
    settings,
    priority,
    self: SELF,
    canSend: true,
    faults: [],
    waiting: [],
    grouped: false,
    lonely: false,
    advert,
    resignation: { ...advert, priority: 0 },
    timers: timerNames("key"),
    ...changes,
  };
}

function heard(
  priority: number,
  from = HIGHER,
  { arrivedMs = NOW, intervalMs = 1000 }: { readonly arrivedMs?: number; readonly intervalMs?: number } = {},
): Event {
  const advert: Advert = { version: 2, vrid: 1, priority, intervalMs, addresses: [], authentication: { type: "none" } };
  return { type: "heard", advert, from, arrivedMs };
}

function words(action: Action): string {
  switch (action.type) {
    case "arm":
      return `arm ${action.timer.split(" ")[0]} +${Number((action.atMs - NOW).toFixed(3))}`;
    case "disarm":
      return `disarm ${action.timer.split(" ")[0]}`;
    case "advertise":
      return `advertise ${action.advert.priority}`;
    case "addresses":
      return action.wanted ? "take" : "leave";
    case "announce":
      return `announce ${action.repeat}`;
    case "event": {
      const { body } = action;
      if (body.type === "vrrp.transition") return `${body.from} → ${body.to}: ${body.reason}`;
      if (body.type === "vrrp.lower") return `lower ${body.theirPriority} of ${body.by}`;
      if (body.type === "vrrp.contested") return `contest ${body.phase} ${body.forMs}: ${body.by}`;
      if (body.type === "vrrp.stalled") return `stalled ${Number(body.lateMs.toFixed(3))}: ${body.action}`;
      return body.type;
    }
  }
}
