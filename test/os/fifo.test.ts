/** FIFOs, made and opened for real. */
import {
  chownSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFifo } from "dgram-ext";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openFifo } from "../../src/os/fifo.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vipd-fifo-"));
  path = join(folder, "fifo");
});
afterEach(() => rmSync(folder, { recursive: true }));

const nobody = { uid: 65534, gid: 65534 };
const isRoot = process.getuid?.() === 0;

test("it is made, written without a reader, and goes when it is closed", () => {
  const fifo = openFifo(path);
  expect(fifo.write("INSTANCE\n")).toBe("written");
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const bytes = Buffer.alloc(100);
  expect(bytes.toString("utf8", 0, readSync(reader, bytes))).toBe("INSTANCE\n");
  fifo.close();
  expect(existsSync(path)).toBe(false);
});

test("nobody reads: it is full, and nothing waits", () => {
  const fifo = openFifo(path);
  const line = "x".repeat(4000);
  let written = 0;
  while (fifo.write(line) === "written") written += line.length;
  expect(written).toBeGreaterThan(4000);
  expect(fifo.write(line)).toBe("full");
  fifo.close();
});

test("one that was there stays, and what is no FIFO is refused", () => {
  makeFifo(path, 0o600);
  openFifo(path).close();
  expect(existsSync(path)).toBe(true);
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(() => openFifo(file)).toThrow("it is not a FIFO");
});

test.runIf(isRoot)("one that we make is given to its user; one of a stranger is not used", () => {
  const fifo = openFifo(path, nobody);
  expect(statSync(path).uid).toBe(65534);
  openFifo(path, nobody).close(); // what a crash left
  fifo.close();
  makeFifo(path, 0o644);
  chownSync(path, 1234, 1234);
  expect(() => openFifo(path, nobody)).toThrow("it belongs to uid 1234; remove it, or name another path");
});
