import { expect, test } from "vitest";
import type { EventBody } from "../../src/events.ts";
import { digestModel, envelopes, letterOf, mailModel, retryDelayMs } from "../../src/notify/mail.ts";
import { openTemplates } from "../../src/os/templates.ts";
import { mail, serverDown, stamped, toBackup, toMaster } from "./fixtures.ts";

const templates = openTemplates([`${import.meta.dirname}/../../templates`], (reason) => {
  throw new Error(reason);
});
const render = (body: EventBody) => {
  const model = mailModel(letterOf(stamped(body), "director-a", mail, false));
  return templates.render(model.kind, model);
};

test.each<[string, EventBody, string, string]>([
  [
    "master",
    toMaster,
    "[LVS_A] VRRP Instance VI_1 - Entering MASTER state",
    "=> VRRP Instance is now owning VRRP VIPs <=",
  ],
  [
    "backup",
    toBackup,
    "[LVS_A] VRRP Instance VI_1 - Entering BACKUP state",
    "=> VRRP Instance is no longer owning VRRP VIPs <=",
  ],
  [
    "stop",
    { ...toMaster, to: "STOP" } as EventBody,
    "[LVS_A] VRRP Instance VI_1 - Stopping",
    "=> VRRP Instance stopping <=",
  ],
  [
    "group",
    { type: "vrrp.group", group: "G", from: "BACKUP", to: "FAULT", reason: "r", afterMs: 1 },
    "[LVS_A] VRRP Group G - Entering FAULT state",
    "=> All VRRP group instances are now in FAULT state <=",
  ],
  [
    "server",
    serverDown,
    "[LVS_A] Realserver [10.0.1.1]:tcp:80 of virtual server [10.0.0.9]:tcp:80 - DOWN",
    "=> TCP CHECK failed on service <=",
  ],
  [
    "service",
    {
      type: "service.quorum",
      service: "[10.0.0.9]:tcp:80",
      from: "up",
      to: "down",
      reason: "r",
      weight: 0,
      quorum: 2,
      hysteresis: 0,
      sorryServer: undefined,
      initial: false,
    },
    "[LVS_A] Virtualserver [10.0.0.9]:tcp:80 - DOWN",
    "=> Lost quorum 2+0=2 <= 0 <=",
  ],
])("%s: subject and sentence are keepalived's (behaviour 77, 78)", (_, body, subject, sentence) => {
  const { subject: rendered, text } = render(body);
  expect(rendered).toBe(subject);
  expect(text.split("\n")[0]).toBe(sentence);
});

test("the body says what keepalived leaves out: why, when, where, how long, who serves now", () => {
  const { text } = render(toBackup);
  expect(text).toContain("Why:   10.0.0.2 advertises priority 150 > 100");
  expect(text).toMatch(/When: {2}2026-11-20T\d\d:00:01\.000[+-]\d\d:\d\d/);
  expect(text).toContain("Where: director-a");
  expect(text).toContain("MASTER had lasted: 1 min 5 s");
  expect(text).toContain("Served now by: 10.0.0.2");
  expect(render(toMaster).text).toContain("Served now by: director-a (this node)");
});

test("text from the network is escaped in HTML, and a subject stays one line", () => {
  const { html } = render({ ...serverDown, reason: "status <script>" } as EventBody);
  expect(html).toContain("status &lt;script&gt;");
  expect(render({ ...toMaster, instance: "a\r\nBcc: x@y" } as EventBody).subject).toBe(
    "[LVS_A] VRRP Instance a Bcc: x@y - Entering MASTER state",
  );
});

test("a few letters go singly, many become digests", () => {
  expect(envelopes([1, 2, 3])).toEqual([[1], [2], [3]]);
  expect(envelopes([1, 2, 3, 4, 5])).toEqual([[1, 2, 3, 4, 5]]);
  expect(envelopes(Array.from({ length: 450 }, (_, i) => i)).map((digest) => digest.length)).toEqual([200, 200, 50]);
});

test("a digest lists every change with its reason", () => {
  const letters = Array.from({ length: 5 }, (_, i) =>
    letterOf(stamped({ ...serverDown, server: `s${i}` } as EventBody, i), "a", mail, false),
  );
  const { subject, text } = templates.render("digest", digestModel(letters));
  expect(subject).toBe("[LVS_A] vipd - 5 changes on a");
  for (let i = 0; i < 5; i++) expect(text).toContain(`s${i} of virtual server [10.0.0.9]:tcp:80 - DOWN`);
});

test.each([
  ["up", 2, "[192.0.2.99]:tcp:80", "the real servers"],
  ["down", 0, "[192.0.2.99]:tcp:80", "the sorry server"],
  ["down", 1, undefined, "the servers that are left"],
  ["down", 0, undefined, "nobody: no server is left"],
] as const)(
  "quorum %s with live weight %s and sorry server %s: requests are answered by %4$s",
  (to, weight, sorryServer, who) => {
    const event = {
      type: "service.quorum",
      service: "[10.0.0.9]:tcp:80",
      from: to === "up" ? "down" : "up",
      to,
    } as const;
    const { text } = render({ ...event, reason: "r", weight, quorum: 2, hysteresis: 0, sorryServer, initial: false });
    expect(text).toContain(`Requests are answered by: ${who}\n`);
  },
);

test("the delay between attempts doubles from 5 s to 5 min", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 99].map((n) => retryDelayMs(n) / 1000)).toEqual([
    5, 10, 20, 40, 80, 160, 300, 300, 300,
  ]);
});
