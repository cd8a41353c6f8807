import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
    owner: undefined,
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

async function smtpServer(options: { readonly port?: number; readonly refuse?: Record<string, number> } = {}) {
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
