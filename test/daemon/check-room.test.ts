/** What the checkers say of troubles of this machine: soon, and not often. */
import { expect, test } from "vitest";
import { createCheckRoom } from "../../src/daemon/check-room.ts";
import type { FromCheckers } from "../../src/daemon/messages.ts";
import { virtualClock } from "../check/clock.ts";
import { check, configuration } from "./checkers-process.ts";

test("a machine without descriptors: said at once for one check, for the others ten seconds later, and then no more", async () => {
  const clock = virtualClock(0);
  const said: FromCheckers[] = [];
  const room = createCheckRoom({
    clock,
    io: { connect: () => Promise.reject(Object.assign(new Error(), { code: "EMFILE", syscall: "connect" })) },
    random: () => 0,
    say: (message) => said.push(message),
    prepare: () => ({ refused: undefined, startAgain: false }),
    end() {},
  });
  const names = ["a", "b", "c"];
  for (const message of configuration(1, ...names.map((name) => check(name, 80)))) room.hear(message);
  await clock.advance(1000);
  const reason =
    "[127.0.0.1]:tcp:80 of [192.0.2.1]:tcp:80: this machine cannot ask: no file descriptor is left (EMFILE); raise LimitNOFILE, or check less often";
  const warnings = () => said.flatMap((message) => (message.type === "warning" ? [message.reason] : []));
  expect(warnings()).toEqual([reason]);
  await clock.advance(120_000);
  expect(warnings()).toEqual([reason, `${reason} (and 1 more; see vipd status)`]);
  room.hear({ type: "status", id: 1 });
  expect(said.at(-1)).toMatchObject({ checks: names.map((id) => ({ id, state: "unknown", trouble: true })) });
  expect(said.some(({ type }) => type === "verdict" || type === "failure")).toBe(false);
});
