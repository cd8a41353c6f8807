import fc from "fast-check";
import { expect, test } from "vitest";
import { logLine, severityOf } from "../../src/notify/log-line.ts";
import { serverDown, stamped, toMaster } from "./fixtures.ts";

test("a line names its event, then key=value", () => {
  expect(logLine(stamped(toMaster))).toBe(
    'vrrp.transition instance=VI_1 from=BACKUP to=MASTER reason="no advert from 10.0.0.2 for 3.61 s" priority=100 after="1 min 5 s" master=self addresses="10.0.0.9/24 on eth0"',
  );
});

test("whatever a reason holds, a line is one line without control characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (reason) => {
      expect(logLine({ ...serverDown, reason })).not.toMatch(/\p{Cc}/u);
    }),
  );
});

test("what takes a service away is an error or a warning", () => {
  expect(severityOf({ ...toMaster, to: "FAULT" })).toBe("error");
  expect(severityOf(serverDown)).toBe("warning");
  expect(severityOf(toMaster)).toBe("notice");
});
