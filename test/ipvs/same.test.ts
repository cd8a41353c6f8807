import { expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { sameSettings } from "../../src/ipvs/same.ts";
import type { Forwarding, ServiceSettings } from "../../src/ipvs/settings.ts";
import { server, service, sorry } from "./fixtures.ts";

const tunnel: Forwarding = { method: "TUN", tunnel: "gue", port: 6080, checksum: "csum" };
const whole = service([server(11, { forwarding: tunnel, checks: ["a", "b"] }), server(12)], {
  schedulerFlags: ["flag-1"],
  persistence: { timeoutSeconds: 300, granularity: 24, engine: "sip" },
  sorryServer: { ...sorry(99), forwarding: tunnel },
});

/** Every copy that differs in one leaf; the identity by which services and servers are found is part of their `key`. */
function* variants(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    yield [...value, ...value];
    for (const [index, item] of value.entries()) for (const other of variants(item)) yield value.with(index, other);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      if (key === "match") continue;
      for (const other of variants(item)) yield { ...value, [key]: other };
    }
  } else if (typeof value === "boolean") yield !value;
  else if (typeof value === "number") yield value + 1;
  else if (value === "TUN") yield "DR";
  else if (typeof value === "string")
    yield value.startsWith("192.0.2.") && !value.includes(":") ? ip("192.0.2.200") : `${value}x`;
  else yield [];
}

test("a copy is the same; a copy that differs in any one setting is not", () => {
  expect(sameSettings(whole, structuredClone(whole))).toBe(true);
  const others = [...variants(whole)] as ServiceSettings[];
  expect(others.length).toBeGreaterThan(40);
  for (const other of others) expect(sameSettings(whole, other), JSON.stringify(other)).toBe(false);
  expect(sameSettings(whole, { ...whole, persistence: undefined })).toBe(false);
  expect(sameSettings(whole, { ...whole, sorryServer: undefined })).toBe(false);
});
