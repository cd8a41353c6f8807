import { expect, test } from "vitest";
import { createLab } from "./net.ts";
import { eventually, outagesOf, startHttpProbe, startSmtpServer, startWebServer } from "./services.ts";

test("a client sees who answers, and how long nobody does", async () => {
  await using lab = await createLab();
  const lan = await lab.lan("front");
  const server = await lab.node("server");
  const client = await lab.node("client");
  await server.attach(lan, { addresses: ["10.0.0.1/24"] });
  await client.attach(lan, { addresses: ["10.0.0.2/24"] });
  const web = await startWebServer(server, { address: "10.0.0.1", port: 80, page: "one" });
  const probe = await startHttpProbe(client, { url: "http://10.0.0.1/", intervalMs: 50, timeoutMs: 500 });
  await probe.answer((answer) => answer.by === "one");
  expect(web.requests()).toBeGreaterThan(0);

  await web.setMode("503");
  await probe.answer((answer) => answer.why === "status 503");
  await web.setMode("stall");
  await probe.answer((answer) => answer.why === "timeout");
  await web.kill();
  const refused = await probe.answer((answer) => answer.why === "ECONNREFUSED");
  await web.start();
  const back = await probe.answer((answer) => answer.by === "one", { sinceMs: refused.atMs, timeoutMs: 30_000 });
  const outage = probe.outages().find((one) => one.fromMs <= refused.atMs && one.toMs > refused.atMs);
  expect(outage?.toMs).toBeLessThanOrEqual(back.atMs);
  expect(outage?.failed).toBeGreaterThan(3);
}, 90_000);

test("a relay keeps what it accepts, and refuses as told", async () => {
  await using lab = await createLab();
  const node = await lab.node("relay");
  const relay = await startSmtpServer(node, { address: "127.0.0.1", port: 25 });
  const send = (subject: string) =>
    node.run(["node", "--input-type=module", "-e", SEND, subject], { check: false, input: "" });
  await send("VRRP Instance: Zürich → MASTER");
  const mail = await relay.mail((one) => one.from === "vipd@example.net");
  expect(mail).toMatchObject({ to: ["admin@example.net"], subject: "VRRP Instance: Zürich → MASTER" });
  expect(mail.text).toContain("größer = besser");
  await relay.setMode("later");
  expect((await send("x")).stdout).toContain("451");
  await relay.setMode("never");
  expect((await send("x")).stdout).toContain("550");
  await relay.setMode("drop");
  expect((await send("x")).stdout).toContain("failed");
  await relay.setMode("stall");
  expect((await send("x")).stdout).toContain("ETIMEDOUT");
  expect(relay.mails().length).toBe(1);
  expect(relay.connections()).toBe(5);
}, 90_000);

const SEND = `
  import { createTransport } from "${import.meta.resolve("nodemailer")}";
  const relay = createTransport({ host: "127.0.0.1", port: 25, greetingTimeout: 1000 });
  const text = "größer = besser ".repeat(9);
  await relay.sendMail({ from: "vipd@example.net", to: "admin@example.net", subject: process.argv[1], text, html: "<p>" })
    .catch((error) => console.log("failed", error.code, error.responseCode));
`;

test("outages last from the first failure to the next answer", () => {
  const answer = (atMs: number, by?: string) => ({
    atMs,
    tookMs: 1,
    by,
    why: by === undefined ? "timeout" : undefined,
  });
  const answers = [answer(0, "a"), answer(50), answer(100), answer(150, "b"), answer(200)];
  expect(outagesOf(answers, 230)).toEqual([
    { fromMs: 50, toMs: 150, failed: 2 },
    { fromMs: 200, toMs: 230, failed: 1 },
  ]);
});

test("what never comes is an error that says how long was waited", async () => {
  await expect(
    eventually(
      () => undefined,
      20,
      () => "Nothing came",
    ),
  ).rejects.toThrow("Nothing came (waited 20 ms)");
});
