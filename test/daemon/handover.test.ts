/** What the reading thread hands over arrives as it was, and what did not change is the same object on the other side, too. */
import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { createMemory } from "../../src/config/memory.ts";
import { type Before, pack, unpack } from "../../src/daemon/handover.ts";
import { realFiles } from "../../src/os/config-files.ts";
import { load } from "../config/load.ts";
import { OPTIONS } from "../config/round-trip.ts";

const OWN = join(import.meta.dirname, "../corpus/own");
const own = globSync("**/*.conf", { cwd: OWN }).sort();

test.each(own)("%s arrives as it was", (name) => {
  const loaded = loadConfig(realFiles(), join(OWN, name), { ...OPTIONS, tolerant: true });
  expect(unpack(pack(loaded, []).handover, []).loaded).toEqual(loaded);
});

const service = (at: number, servers: number, more = "") => `virtual_server 192.0.2.${at} 80 {
    delay_loop 6
    lb_algo rr
    lb_kind NAT
    protocol TCP
${Array.from(
  { length: servers },
  (_, i) => `    real_server 198.51.${at}.${i} 80 {
        weight ${i % 3}
        uthreshold ${i % 2}00
        notify_up /bin/true
        TCP_CHECK {
            connect_port ${8080 + (i % 2)}
        }
        HTTP_GET {
            connect_ip 203.0.113.9
            url {
                path /
                status_code 200
            }
        }
    }
`,
).join("")}${more}}
`;

test("from one configuration to the next", () => {
  const memory = createMemory();
  let [here, there]: [Before, Before] = [[], []];
  const through = (text: string) => {
    const loaded = load(text, { memory });
    const sent = pack(loaded, here);
    here = sent.now;
    const received = unpack(sent.handover, there);
    there = received.now;
    expect(received.loaded).toEqual(loaded);
    return { config: received.loaded.config, bytes: sent.handover.loaded.length };
  };
  const five = [1, 2, 3, 4, 5].map((at) => service(at, 7));
  const first = through(five.join(""));
  const broken = through(`${five.join("")}}`);
  expect(broken.config).toBeUndefined();
  const second = through([five[4], five[0], service(6, 1), five[1], five[2]].join(""));
  expect(second.config?.services.map((one) => first.config?.services.indexOf(one))).toEqual([4, 0, -1, 1, 2]);
  const unchanged = second.config?.checks.checks.filter((one) => first.config?.checks.checks.includes(one));
  expect(unchanged?.length).toBe(4 * 7 * 2);
  expect(second.bytes).toBeLessThan(first.bytes / 2);
  // the notifications of all services change, and nothing else of them
  const third = through(`global_defs {\n    smtp_alert true\n}\n${five.join("")}`);
  expect(third.config?.notify.services.every(({ mail }) => mail)).toBe(true);
  expect(through("global_defs {\n}\n").config?.services).toEqual([]);
});
