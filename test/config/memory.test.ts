/** A reading that knows the one before says the same as one that knows nothing. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Loaded } from "../../src/config/config.ts";
import type { MachineView } from "../../src/config/machine.ts";
import { createMemory } from "../../src/config/memory.ts";
import { load } from "./load.ts";

const service = (at: number, lines = "") => `virtual_server 192.0.2.${at} 80 {
    delay_loop 6
    lb_algo rr
    lb_kind NAT
    protocol TCP
${lines}    real_server 198.51.100.${at} 80 {
        TCP_CHECK {
            connect_timeout 3
        }
    }
}
`;
const instance = `vrrp_instance A {
    interface eth0
    virtual_router_id 1
    virtual_ipaddress {
        192.0.2.1/24
    }
}
`;

const view: MachineView = {
  hasInterface: (name) => name === "eth0",
  hasUser: () => false,
  hasGroup: () => false,
  entry: () => undefined,
  searchPath: [],
};

test("services that stand as before are the same objects, wherever they stand now", () => {
  const memory = createMemory();
  const before = load(service(1) + service(2) + service(3), { memory }).config;
  const after = load(`# one line more\n${instance}${service(3)}${service(1)}${service(2, "    quorum 1\n")}`, {
    memory,
  }).config;
  expect(after?.services.map((one) => before?.services.indexOf(one))).toEqual([2, 0, -1]);
  expect(after?.checks.checks.map((one) => before?.checks.checks.indexOf(one))).toEqual([2, 0, -1]);
  expect(after?.notify.servers.map((one) => before?.notify.servers.indexOf(one))).toEqual([2, 0, -1]);
});

test("what is remembered is told at its new place", () => {
  const memory = createMemory();
  const doubtful = service(1, "    lb_algo sh\n");
  load(doubtful, { memory });
  const { problems } = load(`\n\n${doubtful}`, { memory });
  expect(problems).toEqual(load(`\n\n${doubtful}`).problems);
  expect(problems.map(({ code, line }) => `${code} ${line}`)).toContain("VIPD011 8");
});

test("smtp_alert of global_defs reaches services that stand as before", () => {
  const memory = createMemory();
  load(service(1), { memory });
  const { config } = load(`global_defs {\n    smtp_alert true\n}\n${service(1)}`, { memory });
  expect(config?.notify.services.map(({ mail }) => mail)).toEqual([true]);
});

const pieces = [
  service(1),
  service(2),
  service(1), // twice: refused
  service(3, '    quorum_up "/bin/true"\n'),
  service(4, "    lb_algo sh\n    persistence_timeout 5\n"),
  service(5, "    persistence_timeout 0\n"),
  service(6, "    unknown_keyword\n"),
  service(7, "    sorry_server 198.51.100.7 80\n"),
  service(8).replace("    protocol TCP\n", ""),
  service(9).replace("delay_loop 6", "delay_loop 2"),
  service(10).replace("real_server", "    real_server"),
  service(11).replace("80 {", "80\n{"),
  service(12).replace("    }\n}\n", "  }\n    }\n"),
  service(13, "    $EMPTY\n"),
  service(14, "    @alpha quorum 1\n"),
  service(15).replaceAll("\n", "\r\n"),
  `${service(16).trimEnd()} # the end\n`,
  `${service(17).trimEnd()} ${service(18)}`,
  "virtual_server 192.0.2.19 80 { }\n",
  "virtual_server 192.0.2.20 80\n",
  "virtual_server fwmark 7 {\n    real_server 198.51.100.7 0 {\n        weight 1\n    }\n}\n",
  "virtual_server group G {\n    real_server 198.51.100.7 80 {\n    }\n}\n",
  "virtual_server_group G {\n    192.0.2.40 80\n}\n",
  "$EMPTY=\n",
  "global_defs {\n    smtp_alert_checker true\n}\n",
  "include other.conf\n",
  instance,
  "# a comment\n",
  "\n",
  "}\n",
  "{\n",
  "virtual_server",
];

/** A file is changed again and again: something is put in, taken out, or moved to the end. */
const edit = fc.record({
  kind: fc.constantFrom("put", "take", "move"),
  piece: fc.nat(pieces.length - 1),
  at: fc.nat(12),
});

function changed(
  parts: readonly string[],
  { kind, piece, at }: { kind: string; piece: number; at: number },
): readonly string[] {
  const place = parts.length === 0 ? 0 : at % parts.length;
  if (kind === "put" || parts.length === 0) return parts.toSpliced(place, 0, pieces[piece] ?? "");
  const rest = parts.toSpliced(place, 1);
  return kind === "take" ? rest : [...rest, parts[place] ?? ""];
}

test("after any changes it reads the same value and tells the same problems", () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 4, maxLength: 24 }), (edits) => {
      const memory = createMemory();
      let parts: readonly string[] = [];
      for (const one of edits) {
        parts = changed(parts, one);
        const text = parts.join("");
        const more = { "/etc/test/other.conf": service(30) + service(31) };
        expect<Loaded>(load(text, { memory, more, view })).toEqual(load(text, { more, view }));
      }
    }),
    { numRuns: 300 },
  );
});
