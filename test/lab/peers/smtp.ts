/**
 * A mail relay that keeps what it receives: every mail is a line of JSON on standard output. `node smtp.ts ADDRESS PORT`
 *
 * Standard input takes a mode a line: `ok`; `stall`, which takes a connection and says nothing; `later` (451 to the
 * recipient); `never` (550 to the recipient); `drop`, which hangs up when the mail itself is to come.
 */
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { SMTPServer, type SMTPServerAddress } from "smtp-server";

const [address = "", port = ""] = process.argv.slice(2);
let mode = "ok";

const smtp = new SMTPServer({
  authOptional: true,
  disableReverseLookup: true,
  disabledCommands: ["STARTTLS", "AUTH"],
  logger: false,
  onRcptTo: (_recipient: SMTPServerAddress, _session, done) => {
    if (mode === "later") done(refusal(451, "4.3.0 Not now"));
    else if (mode === "never") done(refusal(550, "5.1.1 Nobody of that name"));
    else done();
  },
  onData: (stream, session, done) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const { mailFrom, rcptTo } = session.envelope;
      const from = mailFrom === false ? "" : mailFrom.address;
      const raw = Buffer.concat(chunks).toString("latin1");
      process.stdout.write(`${JSON.stringify({ from, to: rcptTo.map((one) => one.address), raw })}\n`);
      done();
    });
  },
});
smtp.on("error", () => undefined);

function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

const door = createServer((socket) => {
  process.stdout.write(`connection ${mode}\n`);
  socket.on("error", () => undefined);
  if (mode === "stall") return;
  if (mode === "drop") socket.on("data", (chunk) => chunk.includes("DATA\r\n") && socket.resetAndDestroy());
  smtp.server.emit("connection", socket);
});
createInterface({ input: process.stdin }).on("line", (line) => {
  mode = line;
  process.stdout.write(`mode ${mode}\n`);
});
door.listen(Number(port), address, () => process.stdout.write("listening\n"));
