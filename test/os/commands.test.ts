/** Scripts, run for real. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runScript, scriptProblem, startProgram, unsafePath } from "../../src/os/commands.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vipd-commands-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function script(name: string, body: string, mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, mode);
  return path;
}

function command(...argv: string[]) {
  return { argv, user: undefined, group: undefined };
}

async function problem(
  argv: readonly string[],
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
) {
  const { timeoutMs = 5000, signal } = options;
  const end = await runScript(command(...argv), [], {
    timeoutMs,
    security: false,
    ...(signal === undefined ? {} : { signal }),
  });
  return scriptProblem(end, timeoutMs);
}

test("success is no problem; failure says the status and the last line of the output", async () => {
  expect(await problem([script("good", "echo fine")])).toBeUndefined();
  expect(await problem([script("bad", "echo first; echo no route to host >&2; exit 3")])).toBe(
    "exit status 3 (no route to host)",
  );
  expect(await problem([script("killed", "kill -9 $$")])).toBe("ended by SIGKILL");
});

test("arguments are its own and then ours; none of them passes a shell", async () => {
  const path = script("arguments", 'printf "%s|" "$@"; exit 1');
  const end = await runScript(command(path, "a b", "$HOME"), ["*", "c;d"], { timeoutMs: 5000, security: false });
  expect(end).toMatchObject({ status: 1, output: "a b|$HOME|*|c;d|" });
});

test("a bare name is looked for in PATH", async () => {
  expect(await problem(["true"])).toBeUndefined();
  expect(await problem(["no-such-program-here"])).toBe("there is no program no-such-program-here");
});

test("what does not end gets TERM at its timeout, with everything it has started", async () => {
  const proof = join(folder, "proof");
  const path = script("slow", `(sleep 1; echo survived > ${proof}) & sleep 30`);
  const started = performance.now();
  expect(await problem([path], { timeoutMs: 150 })).toBe("no end after 0.15 s");
  expect(performance.now() - started).toBeLessThan(1500);
  await new Promise((resolve) => setTimeout(resolve, 1200));
  expect(await problem(["cat", proof])).toMatch(/exit status 1/);
});

test("what ignores TERM is killed two seconds later", async () => {
  const started = performance.now();
  expect(await problem([script("stubborn", "trap '' TERM; while :; do sleep 0.1; done")], { timeoutMs: 100 })).toBe(
    "no end after 0.1 s",
  );
  expect(performance.now() - started).toBeGreaterThan(2000);
}, 10_000);

test("an abort ends it", async () => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  expect(await problem([script("aborted", "sleep 30")], { timeoutMs: 60_000, signal: abort.signal })).toMatch(
    /^no end/,
  );
});

test("a background process that holds the output open delays nothing", async () => {
  const started = performance.now();
  expect(await problem([script("daemonizes", "sleep 3 & exit 0")])).toBeUndefined();
  expect(performance.now() - started).toBeLessThan(1500);
});

test("output is bounded, however much it is", async () => {
  const end = await runScript(command(script("chatter", "yes | head -c 5000000; exit 1")), [], {
    timeoutMs: 20_000,
    security: false,
  });
  expect(end.type === "exited" && end.output.length).toBeLessThanOrEqual(500);
});

test("the environment is clean of what steers a shell, the loader, Node or our supervision", async () => {
  const dirty = {
    LD_PRELOAD: "/x.so",
    NODE_OPTIONS: "--no-warnings",
    NOTIFY_SOCKET: "/x",
    WATCHDOG_USEC: "1",
    IFS: ",",
  };
  const before = { ...process.env };
  delete process.env["LD_PRELOAD"];
  const path = script(
    "environment",
    `for v in NODE_OPTIONS NOTIFY_SOCKET WATCHDOG_USEC; do eval "test -z \\"\\$$v\\"" || { echo $v; exit 1; }; done`,
  );
  try {
    Object.assign(process.env, dirty);
    expect(await problem([path])).toBeUndefined();
  } finally {
    for (const name of Object.keys(dirty)) delete process.env[name];
    Object.assign(process.env, before);
  }
});

test("what cannot be started says why, and what to do", async () => {
  expect(await problem([join(folder, "missing")])).toBe(
    `there is no program ${join(folder, "missing")}, or its interpreter is missing`,
  );
  expect(await problem([script("plain", "exit 0", 0o644)])).toMatch(/may not be executed by uid \d+; see chmod \+x$/);
  const below = join(script("file", "exit 0"), "below");
  expect(await problem([below])).toBe(`${below} cannot be started: ENOTDIR`);
  expect(await problem(["/bin/true", "x".repeat(3_000_000)])).toBe("/bin/true cannot be started: E2BIG");
});

test("a program that nobody limits goes on", async () => {
  const end = await runScript(command(script("endless", "sleep 0.3")), [], { timeoutMs: undefined, security: false });
  expect(end).toMatchObject({ type: "exited", status: 0 });
});

test.runIf(process.getuid?.() === 0)("a user or group that does not exist is named", async () => {
  const run = (user: string, group?: string) =>
    runScript({ argv: ["/bin/true"], user, group }, [], { timeoutMs: 5000, security: false });
  expect(await run("nobody-here")).toEqual({ type: "failed", reason: "there is no user nobody-here on this machine" });
  expect(await run("nobody", "no-group-here")).toEqual({
    type: "failed",
    reason: "there is no group no-group-here on this machine",
  });
  const end = await runScript({ argv: ["/usr/bin/id", "-u"], user: "nobody", group: undefined }, [], {
    timeoutMs: 5000,
    security: false,
  });
  expect(end).toMatchObject({ type: "exited", output: "65534\n" });
});

test("</file only asks whether it can be read", async () => {
  const path = script("readable", "", 0o644);
  expect(await problem([`<${path}`])).toBeUndefined();
  expect(await problem(["</nowhere/at/all"])).toBe("/nowhere/at/all cannot be read: ENOENT");
});

test.runIf(process.getuid?.() === 0)(
  "a path that others may change is named, component by component, through links",
  () => {
    const safe = mkdtempSync("/root/vipd-safe-");
    try {
      const path = join(safe, "script");
      writeFileSync(path, "#!/bin/sh\n", { mode: 0o755 });
      expect(unsafePath(path)).toBeUndefined();
      chmodSync(path, 0o775);
      expect(unsafePath(path)).toBe(`${path} can be written by its group; chmod g-w ${path}`);
      chmodSync(path, 0o755);
      const open = join(safe, "open");
      mkdirSync(open);
      chmodSync(open, 0o777);
      writeFileSync(join(open, "script"), "#!/bin/sh\n", { mode: 0o755 });
      expect(unsafePath(join(open, "script"))).toContain(`${open} can be written by everybody`);
      const link = join(safe, "link");
      symlinkSync(join(open, "script"), link);
      expect(unsafePath(link)).toContain(`${open} can be written by everybody`);
    } finally {
      rmSync(safe, { recursive: true });
    }
  },
);

test.runIf(process.getuid?.() === 0)(
  "with script security an unsafe path is not run; without, it is run and told",
  async () => {
    const path = script("unsafe", "exit 0");
    const told: string[] = [];
    expect(await runScript(command(path), [], { timeoutMs: 5000, security: true })).toMatchObject({
      type: "failed",
      reason: expect.stringMatching(/^not run: .*can be written by everybody/),
    });
    const end = await runScript(command(path), [], {
      timeoutMs: 5000,
      security: false,
      unsafe: (reason) => told.push(reason),
    });
    expect(end.type).toBe("exited");
    expect(told).toHaveLength(1);
  },
);

test("a program that goes on is ended by its owner, and its own end is told", async () => {
  const ends: string[] = [];
  const options = { security: false, ended: (reason: string) => ends.push(reason) };
  startProgram(command(script("short", "exit 4")), [], options);
  await expect.poll(() => ends).toEqual(["exit status 4"]);
  const stop = startProgram(command(script("long", "sleep 60")), [], options);
  stop();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(ends).toHaveLength(1);
});

test.runIf(process.getuid?.() === 0)("script security counts for a program that goes on, too", async () => {
  const ends: string[] = [];
  startProgram(command(script("open", "sleep 60")), [], { security: true, ended: (reason) => ends.push(reason) });
  await expect.poll(() => ends).toEqual([expect.stringMatching(/^not run: .*can be written by everybody/)]);
});
