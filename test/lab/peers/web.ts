/**
 * A real server: answers every request with its page. `node web.ts ADDRESS PORT PAGE`
 *
 * Standard input takes a mode a line: `ok`; a status ("503"); `stall`, which accepts and never answers; `drip`, which
 * sends a byte in 200 ms; `reset`. Every request is a line of standard output, by the path and the client.
 */
import { createServer, type ServerResponse } from "node:http";
import { createInterface } from "node:readline";

const [address = "", port = "", page = ""] = process.argv.slice(2);
let mode = "ok";

const server = createServer((request, response) => {
  process.stdout.write(`request ${request.method} ${request.url} ${request.socket.remoteAddress} ${mode}\n`);
  answer(response);
});

function answer(response: ServerResponse): void {
  if (mode === "stall") return;
  if (mode === "reset") return void response.socket?.resetAndDestroy();
  response.sendDate = false;
  response.writeHead(mode === "ok" || mode === "drip" ? 200 : Number(mode), { "content-type": "text/plain" });
  if (mode === "drip") drip(response, page.repeat(1000));
  else response.end(page);
}

function drip(response: ServerResponse, text: string): void {
  response.write(text[0]);
  if (text.length > 1) setTimeout(() => drip(response, text.slice(1)), 200);
  else response.end();
}

createInterface({ input: process.stdin }).on("line", (line) => {
  mode = line;
  process.stdout.write(`mode ${mode}\n`);
});
server.keepAliveTimeout = 1000;
server.listen(Number(port), address, 1024, () => process.stdout.write("listening\n"));
