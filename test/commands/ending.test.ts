/** The program itself, with a reader that goes away. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";

const COMMAND = join(import.meta.dirname, "../../src/command.ts");

test.each([
  ["explain", "priority"],
  ["completion", "bash"],
  ["explain", "no such thing"],
])("a reader that leaves early, as head does, gets no stack trace: vipd %s %s", async (...words) => {
  const child = spawn(process.execPath, [COMMAND, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [code] = await once(child, "close");
  expect(said).not.toMatch(/EPIPE|at /);
  expect(code).toBe(words[1] === "no such thing" ? 1 : 0);
});
