/** One mail to one relay: who has it, who gets it later, who never. The relays are scripts of answers. */
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { type Delivery, type Mail, sendMail } from "../../src/os/smtp.ts";

const mail: Mail = {
  from: "Lab <lab@example.org>",
  to: ["Ann <ann@example.org>", "bob@example.org", "root"],
  subject: "s",
  text: "t",
  html: "<p>t</p>",
  messageId: "<1@a>",
  date: new Date(0),
};

const CONNECT_MS = 400;

/** @param answers by the beginning of a command; the longest that fits counts */
async function sent(answers: Readonly<Record<string, string>>, deadlineMs = 5000): Promise<Delivery> {
  const all: Readonly<Record<string, string>> = {
    connect: "220 relay",
    EHLO: "250 relay",
    MAIL: "250 ok",
    RCPT: "250 ok",
    DATA: "354 go on",
    ".": "250 taken",
    QUIT: "221 bye",
    ...answers,
  };
  const starts = Object.keys(all).sort((a, b) => b.length - a.length);
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(`${all["connect"]}\r\n`);
    let inData = false;
    createInterface({ input: socket }).on("line", (line) => {
      if (inData && line !== ".") return;
      const answer = all[starts.find((start) => line.startsWith(start)) ?? ""];
      inData = line === "DATA" && answer?.startsWith("3") === true;
      if (answer === "hang up") socket.destroy();
      else if (answer === "slow") setTimeout(() => socket.write("250 taken\r\n"), 2 * CONNECT_MS);
      else if (answer !== undefined && answer !== "silence") socket.write(`${answer}\r\n`);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    return await sendMail(mail, { host: "127.0.0.1", port, helo: undefined, connectTimeoutMs: CONNECT_MS }, deadlineMs);
  } finally {
    server.close();
  }
}

const to = (list: readonly { readonly to: string }[]) => list.map((one) => one.to.replace(/^.*<|@.*$/g, ""));
const outcome = ({ delivered, later, refused, reached }: Delivery) =>
  [to(delivered.map((one) => ({ to: one }))), to(later), to(refused), reached] as const;

const ALL = ["ann", "bob", "root"];

test.each([
  ["everybody is served", {}, ALL, [], [], true],
  [
    "one is busy, one unknown",
    { "RCPT TO:<bob": "451 busy", "RCPT TO:<root": "550 who" },
    ["ann"],
    ["bob"],
    ["root"],
    true,
  ],
  ["all are unknown", { RCPT: "550 who" }, [], [], ALL, true],
  // what is said of the whole message is said last, and counts for all
  ["one is unknown, the message is put off", { "RCPT TO:<bob": "550 who", ".": "451 later" }, [], ALL, [], true],
  ["one is busy, the message is refused", { "RCPT TO:<bob": "451 busy", ".": "554 spam" }, [], [], ALL, true],
  ["one is unknown, and it wants no message now", { "RCPT TO:<bob": "550 who", DATA: "451 later" }, [], ALL, [], true],
  ["the sender is refused", { MAIL: "550 not you" }, [], [], ALL, true],
  ["there is no room for any mail", { MAIL: "452 no room" }, [], ALL, [], false],
  ["a login is wanted", { MAIL: "530 authentication required" }, [], ALL, [], false],
  ["nobody is served at present", { connect: "554 closed" }, [], ALL, [], false],
  ["it hangs up in the middle", { DATA: "hang up" }, [], ALL, [], false],
  ["it falls silent", { RCPT: "silence" }, [], ALL, [], false],
] as const)("%s", async (_what, answers, delivered, later, refused, reached) => {
  expect(outcome(await sent(answers, 1500))).toEqual([delivered, later, refused, reached]);
});

test("a relay that takes its time for the message is waited for, longer than for the connection", async () => {
  expect(outcome(await sent({ ".": "slow" }))).toEqual([ALL, [], [], true]);
});

test("the deadline holds however much a relay has to say", async () => {
  const started = performance.now();
  const delivery = await sent({ connect: "220-and", EHLO: "250-more" }, 200);
  expect(performance.now() - started).toBeLessThan(1500);
  expect(delivery.later[0]?.reason).toMatch(/^127\.0\.0\.1 port \d+: .*check smtp_server, and that the relay runs$/);
});
