import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { SMTPServer } from "smtp-server";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMailRoom, type RoleChild } from "../../src/daemon/mail-room.ts";
import type { MailRoom } from "../../src/daemon/notifier.ts";
import type { EventBody } from "../../src/events.ts";
import { letterOf } from "../../src/notify/mail.ts";
import { mail, serverDown, stamped, toMaster } from "../notify/fixtures.ts";

const ROOT = join(import.meta.dirname, "../..");
let spool: string;
let rooms: MailRoom[];
let children: ChildProcess[];
let closers: (() => void)[];

beforeEach(() => {
  spool = join(mkdtempSync(join(tmpdir(), "vipd-mail-")), "spool");
  rooms = [];
  children = [];
  closers = [];
});

afterEach(async () => {
  await Promise.all(rooms.map((room) => room.stop(true)));
  for (const child of children) child.kill("SIGKILL");
  for (const close of closers) close();
  rmSync(join(spool, ".."), { recursive: true });
});

type Received = {
  readonly subject: string;
  readonly body: string;
  readonly to: readonly string[];
  readonly id: string;
};

test("a transition reaches the relay, with keepalived's subject, and leaves the spool", async () => {
  const relay = await smtpServer();
  const { room, events } = openRoom(relay.port);
  room.post(letterOf(stamped(toMaster), "director-a", mail, false));
  const [received] = await until(() => (relay.received.length > 0 ? relay.received : undefined));
  expect(received?.subject).toBe("[LVS_A] VRRP Instance VI_1 - Entering MASTER state");
  expect(received?.body).toContain("no advert from 10.0.0.2 for 3.61 s");
  expect(received?.id).toContain("b00t.1@director-a");
  await until(() => (room.status().waiting === 0 ? true : undefined));
  expect(room.status()).toMatchObject({ waiting: 0, delivered: 1, refused: 0 });
  expect(events.map(({ type }) => type)).toContain("mail.delivered");
});

test("what happens together arrives together: ten letters are one digest", async () => {
  const relay = await smtpServer();
  const { room } = openRoom(relay.port);
  for (let i = 0; i < 10; i++)
    room.post(letterOf(stamped({ ...serverDown, server: `s${i}` } as EventBody, i), "a", mail, false));
  await until(() => (room.status().delivered === 10 ? true : undefined));
  expect(relay.received.map(({ subject }) => subject)).toEqual(["[LVS_A] vipd - 10 changes on a"]);
});

test("a relay that is away loses nothing: the letter waits on disk, also for a mailer started later", async () => {
  const port = await freePort();
  const first = openRoom(port);
  first.room.post(letterOf(stamped(toMaster), "a", mail, false));
  const deferred = await until(() => first.events.find((event) => event.type === "mail.deferred"));
  expect(deferred).toMatchObject({ waiting: 1, retryMs: 5000 });
  expect(deferred.type === "mail.deferred" && deferred.reason).toContain("ECONNREFUSED");
  await first.room.stop(false);
  expect(lettersIn(spool)).toHaveLength(1);
  const relay = await smtpServer({ port });
  openRoom(port);
  await until(() => (relay.received.length === 1 ? true : undefined));
}, 20_000);

test("a mailer that is killed while it sends costs a retry, not a letter", async () => {
  const silent = await silentServer();
  const { room, events } = openRoom(silent.port);
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  await silent.connected;
  children[0]?.kill("SIGKILL");
  expect(await until(() => events.find((event) => event.type === "process.exit"))).toMatchObject({
    process: "mailer",
    restartMs: 5000,
  });
  expect(lettersIn(spool)).toHaveLength(1);
});

test("a relay that answers nothing is given up after smtp_connect_timeout, and tried again", async () => {
  const silent = await silentServer();
  const { room, events } = openRoom(silent.port, { connectTimeoutMs: 300 });
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  const deferred = await until(() => events.find((event) => event.type === "mail.deferred"));
  expect(deferred.type === "mail.deferred" && deferred.reason).toMatch(/127\.0\.0\.1 port \d+: .*(greeting|timeout)/i);
});

test("a recipient refused for good is said and counted, the others get the mail", async () => {
  const relay = await smtpServer({ refuse: { "bad@example.org": 550 } });
  const { room, events } = openRoom(relay.port, { recipients: ["bad@example.org", "good@example.org"] });
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  const refused = await until(() => events.find((event) => event.type === "mail.refused"));
  expect(refused.type === "mail.refused" && refused.reason).toMatch(/^bad@example.org: .*550/);
  expect(relay.received[0]?.to).toEqual(["good@example.org"]);
  await until(() => (room.status().waiting === 0 ? true : undefined));
});

test("a recipient refused for now gets its mail later, and nobody gets it twice", async () => {
  const refuse: Record<string, number> = { "busy@example.org": 451 };
  const relay = await smtpServer({ refuse });
  const { room, events } = openRoom(relay.port, { recipients: ["busy@example.org", "good@example.org"] });
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  await until(() => events.find((event) => event.type === "mail.deferred"));
  delete refuse["busy@example.org"];
  await until(() => (relay.received.length === 2 ? true : undefined), 15_000);
  expect(relay.received.map(({ to }) => to)).toEqual([["good@example.org"], ["busy@example.org"]]);
}, 20_000);

test("one busy mailbox does not hold up the mail of the others", async () => {
  const relay = await smtpServer({ refuse: { "busy@example.org": 451 } });
  const { room, events } = openRoom(relay.port, { recipients: ["busy@example.org", "good@example.org"] });
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  expect(await until(() => events.find((event) => event.type === "mail.deferred"))).toMatchObject({
    reason: expect.stringMatching(/^busy@example.org: .*451/),
    waiting: 1,
  });
  room.post(letterOf(stamped(toMaster, 2), "a", mail, false));
  await until(() => (relay.received.length === 2 ? true : undefined), 4000);
  expect(relay.received.map(({ to }) => to)).toEqual([["good@example.org"], ["good@example.org"]]);
  await until(() => (room.status().delivered === 2 ? true : undefined));
  expect(room.status()).toMatchObject({ waiting: 2 });
});

test("a relay that takes the recipients and then not the mail: who was accepted gets it later", async () => {
  const options = { refuse: { "bad@example.org": 550 }, data: 451 as number | undefined };
  const relay = await smtpServer(options);
  const { room, events } = openRoom(relay.port, { recipients: ["bad@example.org", "good@example.org"] });
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  await until(() => events.find((event) => event.type === "mail.deferred"));
  expect(events.filter(({ type }) => type === "mail.delivered")).toEqual([]);
  options.data = undefined;
  await until(() => (relay.received.length === 1 ? true : undefined), 10_000);
  expect(relay.received[0]?.to).toEqual(["good@example.org"]);
  await until(() => (room.status().waiting === 0 ? true : undefined));
}, 20_000);

test("a relay that serves nobody at present is no refusal of the mail, however long its words", async () => {
  const relay = await talkingServer((line) => (line === undefined ? `554 ${"no service ".repeat(300)}` : undefined));
  const { room, events } = openRoom(relay.port);
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  const deferred = await until(() => events.find((event) => event.type === "mail.deferred"));
  expect(deferred.type === "mail.deferred" && deferred.reason).toMatch(/554 no service/);
  expect(room.status()).toMatchObject({ waiting: 1, refused: 0 });
  expect(lettersIn(spool)).toHaveLength(1);
  expect(events.filter(({ type }) => type === "process.exit" || type === "warning")).not.toContainEqual(
    expect.objectContaining({ reason: expect.stringContaining("no message of its") }),
  );
});

test("a relay whose STARTTLS does not work gets the mail in clear, as keepalived would send it", async () => {
  const heard: string[] = [];
  const relay = await talkingServer((line) => {
    if (line === undefined) return "220 relay";
    heard.push(line);
    if (/^EHLO/.test(line)) return "250-relay\r\n250 STARTTLS";
    if (line === "STARTTLS") return "220 go ahead";
    if (line === "DATA") return "354 go on";
    if (line.includes("\u0001")) return "500 what?"; // the beginning of a handshake
    return /^(MAIL|RCPT|\.$|QUIT)/.test(line) ? "250 ok" : undefined;
  });
  const { room } = openRoom(relay.port, { recipients: ["root"] });
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  await until(() => (room.status().delivered === 1 ? true : undefined), 15_000);
  expect(heard).toContain("STARTTLS");
  expect(heard).toContain("RCPT TO:<root>");
  expect(heard.find((line) => line.startsWith("To:"))).toContain("root");
}, 20_000);

test("a spool that cannot be changed: no mail is sent again and again; it goes out once it can", async () => {
  const relay = await smtpServer();
  const { room, events } = openRoom(relay.port);
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  chmodSync(spool, 0o500);
  const deferred = await until(() => events.find((event) => event.type === "mail.deferred"));
  expect(deferred.type === "mail.deferred" && deferred.reason).toMatch(
    /^Cannot change the mail spool .*: EACCES; make it writable for vipd, or name another .*; until then no mail is sent/,
  );
  expect(relay.received).toEqual([]);
  chmodSync(spool, 0o700);
  await until(() => (room.status().delivered === 1 ? true : undefined), 10_000);
  expect(relay.received).toHaveLength(1);
}, 20_000);

test("a disk that takes no letters: said once, held in memory, written as soon as it does", async () => {
  const relay = await smtpServer();
  writeFileSync(spool, "in the way");
  const { room, events } = openRoom(relay.port);
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  room.post(letterOf(stamped(toMaster, 2), "a", mail, false));
  expect(room.status()).toMatchObject({ held: 2, waiting: 0, lost: 0 });
  expect(events).toEqual([
    {
      type: "warning",
      reason: expect.stringMatching(
        /^Cannot make the mail spool .*: ENOTDIR; something that is no folder stands in its way.*held in memory/,
      ),
    },
  ]);
  rmSync(spool);
  room.post(letterOf(stamped(toMaster, 3), "a", mail, false));
  expect(room.status()).toMatchObject({ held: 0, waiting: 3, lastError: undefined });
  await until(() => (room.status().delivered === 3 ? true : undefined));
  expect(relay.received).toHaveLength(3);
});

test("a spool that is there and takes no letter: said once, however many letters follow", () => {
  const first = letterOf(stamped(toMaster), "a", mail, false);
  const name = `${String(first.event.wallMs).padStart(15, "0")}-00000001-${process.pid}.json`;
  mkdirSync(join(spool, name, "in the way"), { recursive: true });
  const { room, events } = openRoom(1);
  for (const letter of [first, first, first]) room.post(letter);
  expect(events).toEqual([
    { type: "warning", reason: expect.stringMatching(/^Cannot write mails to .*held in memory/) },
  ]);
  expect(room.status()).toMatchObject({ held: 3 });
  rmSync(join(spool, name), { recursive: true });
  room.post(first);
  expect(events.slice(1)).toEqual([{ type: "info", reason: "the mail spool can be written again" }]);
  expect(room.status()).toMatchObject({ held: 0, lastError: undefined });
});

test("what vipd holds in memory when it ends is lost, and that is said", async () => {
  writeFileSync(spool, "in the way");
  const { room, events } = openRoom(1);
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  await room.stop(false);
  expect(events.at(-1)).toMatchObject({
    type: "mail.refused",
    subject: "1 mail",
    reason: expect.stringMatching(/^vipd ends, and they were in memory only: Cannot make/),
  });
  expect(room.status().lost).toBe(1);
});

test("what is no letter is set aside, and the mailer lives on", async () => {
  const relay = await smtpServer();
  const { room, events } = openRoom(relay.port);
  writeFileSync(join(spool, "a.json"), "{}");
  writeFileSync(join(spool, "b.json"), '{"event": {}}');
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  await until(() => (room.status().delivered === 1 ? true : undefined));
  await until(() => (room.status().waiting === 0 ? true : undefined));
  expect(lettersIn(join(spool, "refused")).sort()).toEqual(["a.json", "b.json"]);
  expect(events.filter(({ type }) => type === "process.exit")).toEqual([]);
});

test("a mail that everybody refuses is set aside, and does not stop the next one", async () => {
  const relay = await smtpServer({ refuse: { "admin@example.org": 550 } });
  const { room } = openRoom(relay.port);
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  await until(() => (room.status().refused === 1 ? true : undefined));
  expect(lettersIn(spool)).toHaveLength(0);
  expect(lettersIn(join(spool, "refused"))).toHaveLength(1);
});

test("an admin's template wins; one with a mistake is reported and ours is used", async () => {
  const own = mkdtempSync(join(tmpdir(), "vipd-templates-"));
  closers.push(() => rmSync(own, { recursive: true }));
  writeFileSync(join(own, "instance.subject.hbs"), "HA {{name}} {{change}}");
  writeFileSync(join(own, "change.txt.hbs"), "{{#if}} broken {{/each}}");
  const relay = await smtpServer();
  const { room, events } = openRoom(relay.port, {}, [own]);
  room.post(letterOf(stamped(toMaster), "a", mail, false));
  await until(() => (relay.received.length > 0 ? true : undefined));
  expect(relay.received[0]?.subject).toBe("HA VI_1 Entering MASTER state");
  expect(relay.received[0]?.body).toContain("now owning VRRP VIPs");
  const reasons = events.flatMap((event) => (event.type === "warning" ? [event.reason] : []));
  expect(reasons).toContainEqual(expect.stringContaining("change.txt.hbs does not work"));
});

function openRoom(port: number, change: Partial<typeof mail> = {}, templates: readonly string[] = []) {
  const events: EventBody[] = [];
  const room = createMailRoom({
    spool,
    templates: [...templates, join(ROOT, "templates")],
    owner: () => undefined,
    fork: forkMailer,
    emit: (body) => events.push(body),
    happened: ({ body }) => events.push(body),
    after: (ms, fn) => {
      const timer = setTimeout(fn, ms);
      return { [Symbol.dispose]: () => clearTimeout(timer) };
    },
  });
  rooms.push(room);
  room.configure({ ...mail, ...change, relay: { host: "127.0.0.1", port } });
  return { room, events };
}

function forkMailer(): RoleChild {
  const child = fork(join(ROOT, "src/daemon/mailer.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  children.push(child);
  return {
    pid: child.pid ?? 0,
    send: (message) => void (child.connected && child.send(message)),
    onMessage: (fn) => child.on("message", fn),
    onExit: (fn) => child.on("exit", (code, signal) => fn(signal ?? `exit status ${code}`)),
    kill: (signal) => child.kill(signal),
  };
}

type Habits = { readonly port?: number; readonly refuse?: Record<string, number>; readonly data?: number | undefined };

/** `options` is read at each command: a test may change its mind. */
async function smtpServer(options: Habits = {}) {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH"],
    logger: false,
    onRcptTo({ address }, _session, done) {
      const code = options.refuse?.[address];
      done(code === undefined ? null : Object.assign(new Error(`not ${address}`), { responseCode: code }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        if (options.data !== undefined) {
          done(Object.assign(new Error("not now"), { responseCode: options.data }));
          return;
        }
        received.push(
          read(
            Buffer.concat(chunks).toString(),
            session.envelope.rcptTo.map(({ address }) => address),
          ),
        );
        done();
      });
    },
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server.server, "listening");
  closers.push(() => server.close());
  const address = server.server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0, received };
}

function read(message: string, to: readonly string[]): Received {
  const flat = message.replaceAll(/\r\n[ \t]+/g, " ");
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, "mi").exec(flat)?.[1]?.trim() ?? "";
  return { subject: header("Subject"), id: header("Message-ID"), body: message.replaceAll("=\r\n", ""), to };
}

/** @param answer to a line, to the connection (undefined), or nothing */
async function talkingServer(answer: (line: string | undefined) => string | undefined) {
  const server: Server = createServer((socket) => {
    const say = (line: string | undefined) => {
      const words = answer(line);
      if (words !== undefined) socket.write(`${words}\r\n`);
    };
    socket.on("error", () => {});
    say(undefined);
    createInterface({ input: socket }).on("line", say);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0 };
}

async function silentServer() {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => sockets.push(socket));
  const connected = once(server, "connection");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0, connected };
}

async function freePort(): Promise<number> {
  const { port } = await silentServer();
  closers.pop()?.();
  return port;
}

function lettersIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".json"));
}

async function until<T>(look: () => T | undefined, withinMs = 8000): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
