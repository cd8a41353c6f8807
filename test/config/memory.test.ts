/** A reading that knows the one before says the same as one that knows nothing. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Loaded } from "../../src/config/config.ts";
import { type LoadOptions, loadConfig } from "../../src/config/load.ts";
import type { MachineView } from "../../src/config/machine.ts";
import { createMemory, type Memory } from "../../src/config/memory.ts";
import type { Files } from "../../src/config/source.ts";
import { type Before, pack, unpack } from "../../src/daemon/handover.ts";
import { filesOf, load, MAIN } from "./load.ts";

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
  const third = service(3).replace("80 {", "80\n{");
  const before = load(service(1) + service(2) + third, { memory }).config;
  const after = load(`# one line more\n${instance}${third}${service(1)}${service(2, "    quorum 1\n")}`, {
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

/** What is reachable now. */
function heapBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}

test("blocks of forty files hold on to none of the texts that they were read from, but the first and the last", () => {
  const memory = createMemory();
  const padding = `# ${"x".repeat(900)}\n`.repeat(2000);
  const check = 'HTTP_GET {\n            url {\n path /\n regex "an expression of some length"\n }\n        ';
  const before = heapBytes();
  let text = "";
  for (let at = 1; at <= 40; at++) {
    text += service(at, '    quorum_up "/usr/local/bin/quorum-is-up"\n').replace(/TCP_CHECK[^}]*/, check);
    load(`${text}${padding}# ${at}\n`, { memory });
  }
  expect(heapBytes() - before).toBeLessThan(5 * padding.length);
  expect(load(text, { memory }).config?.services.length).toBe(40);
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
  "global_defs {\n    enable_script_security\n    script_user nobody\n}\n",
  "include other.conf\n",
  "include unfinished.conf\n",
  instance,
  "# a comment\n",
  "\n",
  "}\n",
  "{\n",
  "virtual_server",
  service(21).replaceAll("    ", "\t"),
  service(22, "    quorum 1 # \0\n"),
  service(23, `    # ${"long ".repeat(250)}\n`),
  service(24).replace("80 {", `80 { # ${"long ".repeat(250)}`),
  service(25, "    weight {{ weight }}\n"),
  service(26, '    quorum_down "/bin/false | cat" nobody\n    quorum 9\n'),
  service(27, "    include servers.conf\n"),
  service(28, "    ~SEQ(x, 1, 2) real_server 198.51.100.6$x 80 { }\n"),
  service(29).replace(
    "        TCP_CHECK {",
    '        notify_up "/bin/true x" nobody\n        MISC_CHECK {\n misc_path "/bin/true"',
  ),
  service(32).replace("connect_timeout 3", "connect_timeout 30\n            bind_if eth9"),
  service(33).replace(/TCP_CHECK[^}]*/, 'HTTP_GET {\n            url {\n path /\n regex "a b" c\n }\n        '),
  service(34).replace(/TCP_CHECK[^}]*}/, ""),
  service(34).replace(/TCP_CHECK[^}]*/, "FILE_CHECK {\n            track_file F\n        "),
  "$BLOCK=virtual_server 192.0.2.35 80 { \\\n    protocol TCP \\\n}\n$BLOCK\n",
  "$OPEN=virtual_server 192.0.2.36 80 \\\n", // what follows belongs to it
  service(37, "    quorum_up /bin/true nobody nogroup more\n"),
  "\ufeff",
];

/** A file is changed again and again: something is put in, taken out, or moved to the end. */
const edit = fc.record({
  kind: fc.constantFrom("put", "take", "move"),
  piece: fc.nat(pieces.length - 1),
  at: fc.nat(12),
  /** What else is different this time. */
  moment: fc.record(
    {
      /** Whoever writes the file has come so far. */
      cut: fc.nat(3000),
      /** It was read before all of it was there, and again. */
      unfinished: fc.nat(3000),
      configId: fc.constant("beta"),
      tolerant: fc.boolean(),
      path: fc.constantFrom("/var/lib/vipd/last-good.conf", "/etc/test/m*.conf"),
      readerDies: fc.constant(true),
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
});
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function changed(parts: readonly string[], { kind, piece, at }: Edit): readonly string[] {
  const place = parts.length === 0 ? 0 : at % parts.length;
  if (kind === "put" || parts.length === 0) return parts.toSpliced(place, 0, pieces[piece] ?? "");
  const rest = parts.toSpliced(place, 1);
  return kind === "take" ? rest : [...rest, parts[place] ?? ""];
}

const options: LoadOptions = {
  configId: "alpha",
  tolerant: true,
  environment: () => undefined,
  random: () => 0,
  hostName: "alpha.example.org",
  userName: "root",
  view,
};

/** Main files with the same text, and one more that `m*` finds; the first `unfinished` characters are what is read first. */
function disk(text: string, unfinished: number | undefined): Files {
  const more = {
    "/etc/test/more.conf": service(1) + service(40),
    "/etc/test/other.conf": service(30) + service(31),
    "/etc/test/unfinished.conf": service(2) + service(31).trimEnd(),
    "/etc/test/servers.conf": "real_server 198.51.100.50 80 {\n}\n",
  };
  const filesWith = (main: string) => filesOf({ [MAIN]: main, "/var/lib/vipd/last-good.conf": main, ...more });
  if (unfinished === undefined) return filesWith(text);
  let files = filesWith(text.slice(0, unfinished));
  const rest = [filesWith(text)];
  return {
    read: (path) => files.read(path),
    glob: (pattern) => files.glob(pattern),
    changed() {
      const next = rest.shift();
      files = next ?? files;
      return next && MAIN;
    },
  };
}

/** A thread that reads, and vipd, which hears of it what has changed. */
function createReading() {
  const memory = createMemory();
  let [here, there]: [Before, Before] = [[], []];
  return (read: (memory: Memory) => Loaded): Loaded => {
    const sent = pack(read(memory), here);
    here = sent.now;
    const received = unpack(sent.handover, there);
    there = received.now;
    return received.loaded;
  };
}

test("after any changes it reads the same value and tells the same problems", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 4, maxLength: 24 }), (edits) => {
      let reading = createReading();
      let parts: readonly string[] = [];
      for (const one of edits) {
        parts = changed(parts, one);
        const { cut, unfinished, readerDies, path = MAIN, ...moment } = one.moment;
        const text = parts.join("").slice(0, cut);
        if (readerDies) reading = createReading();
        const read = (memory?: Memory) =>
          loadConfig(disk(text, unfinished), path, { ...options, ...moment, ...(memory && { memory }) });
        expect<Loaded>(reading(read)).toEqual(read());
      }
    }),
    { numRuns: 150 },
  );
});
