/** Syslog's socket, played by one of ours, and standard output, of processes of their own. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSocket } from "dgram-ext";
import { afterEach, beforeEach, expect, test } from "vitest";
import { syslog } from "../../src/os/log-sinks.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vipd-syslog-"));
  path = join(folder, "log");
});
afterEach(() => rmSync(folder, { recursive: true }));

function listen() {
  const socket = openSocket({ domain: "unix", type: "datagram" });
  socket.bind({ family: "unix", path });
  return socket;
}

test("without syslog there is no such output", () => {
  expect(syslog(path)).toBeUndefined();
});

test("lines that its full queue does not take are lost, and counted by whoever asks", () => {
  using daemon = listen();
  const sink = syslog(path);
  let taken = 0;
  while (sink?.write("<30>line") === true && taken < 10_000) taken++;
  expect(taken).toBeLessThan(10_000);
  expect(sink?.write("<30>lost")).toBe(false);
  expect(daemon.receive()?.data.toString()).toBe("<30>line");
  expect(sink?.write("<30>again")).toBe(true);
});

test("syslog that was restarted is found again", () => {
  const first = listen();
  const sink = syslog(path);
  first.close();
  expect(sink?.write("lost")).toBe(false);
  rmSync(path);
  using second = listen();
  expect(sink?.write("found")).toBe(true);
  expect(second.receive()?.data.toString()).toBe("found");
});

/** Runs these lines, which have the sink `output`. @returns what the process wrote to standard output, and to standard error */
function outputOf(lines: string, kind: "pipe" | "file"): readonly [out: string, error: string] {
  const sinks = JSON.stringify(join(import.meta.dirname, "../../src/os/log-sinks.ts"));
  const code = `const { standardOutput } = await import(${sinks}); const output = standardOutput(); ${lines}`;
  const [out, error] = [join(folder, "out"), join(folder, "error")];
  const [outFile, errorFile] = [openSync(out, "w"), openSync(error, "w")];
  try {
    const stdio = ["ignore", kind === "pipe" ? "pipe" : outFile, errorFile] as const;
    const piped = execFileSync(process.execPath, ["--input-type=module", "-e", code], { stdio: [...stdio] });
    return [kind === "pipe" ? String(piped) : readFileSync(out, "utf8"), readFileSync(error, "utf8")];
  } finally {
    closeSync(outFile);
    closeSync(errorFile);
  }
}

test.each(["pipe", "file"] as const)("lines of a turn that ends the process are in the %s", (kind) => {
  expect(outputOf('output.write("one\\n"); output.write("two\\n"); process.exit(0);', kind)[0]).toBe("one\ntwo\n");
});

test("what a function logs is written before those who wait for it go on", () => {
  const lines = `
    const logs = async () => void output.write("one\\n");
    await logs();
    process.stderr.write(String(output.waiting()));`;
  expect(outputOf(lines, "file")).toEqual(["one\n", "0"]);
});

test("ten thousand lines of one turn do not wait in it where the reader takes them, and are flushed in order", () => {
  const lines = `
    for (let at = 0; at < 10_000; at++) output.write(\`\${at} \${"x".repeat(500)}\\n\`);
    process.stderr.write(String(output.waiting()));
    await output.flush();
    process.exit(0);`;
  const [out, waiting] = outputOf(lines, "file");
  expect(out.split("\n").map((line) => line.split(" ", 1)[0])).toEqual([...Array(10_000).keys().map(String), ""]);
  expect(Number(waiting)).toBeLessThan(100_000);
});
