/**
 * A client that asks for a page again and again, each time over a new connection, and says who answered.
 * `node probe.ts HOST PORT PATH INTERVAL_MS TIMEOUT_MS`; a line of JSON a request: `{at, took, by}` or `{at, took, why}`.
 *
 * A request begins every INTERVAL_MS, whether or not those before it were answered, so an outage is seen as long as it is.
 */
import { connect } from "node:net";

const [host = "", port = "", path = "/", interval = "", timeout = ""] = process.argv.slice(2);

function ask(): void {
  const at = performance.timeOrigin + performance.now();
  const socket = connect({ host, port: Number(port), autoSelectFamily: false });
  let text = "";
  let over = false;
  const end = (result: { readonly by: string } | { readonly why: string }) => {
    if (over) return;
    over = true;
    clearTimeout(limit);
    socket.destroy();
    const took = performance.timeOrigin + performance.now() - at;
    process.stdout.write(`${JSON.stringify({ at, took, ...result })}\n`);
  };
  const limit = setTimeout(() => end({ why: "timeout" }), Number(timeout));
  socket.setEncoding("utf8");
  socket.on("connect", () => socket.write(`GET ${path} HTTP/1.0\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
  socket.on("data", (chunk: string) => {
    text += chunk;
  });
  socket.on("error", (error: NodeJS.ErrnoException) => end({ why: error.code ?? error.message }));
  socket.on("end", () => end(verdict(text)));
}

function verdict(text: string): { readonly by: string } | { readonly why: string } {
  const status = /^HTTP\/1\.\d (\d+)/.exec(text)?.[1];
  const body = text.slice(text.indexOf("\r\n\r\n") + 4).trim();
  if (status === "200") return { by: body };
  return { why: status === undefined ? "closed without an answer" : `status ${status}` };
}

setInterval(ask, Number(interval));
process.stdout.write("asking\n");
