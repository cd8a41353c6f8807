/** Answers at every local address: `node answer.ts PORT`. Of its standard input `count` asks for the connections so far; `close` and `open` stop and resume listening. */
import net from "node:net";
import { createInterface } from "node:readline";

const port = Number(process.argv[2]);
const PAGE = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
let connections = 0;
const server = net.createServer((socket) => {
  connections += 1;
  socket.on("error", () => {});
  socket.on("data", () => socket.end(PAGE));
});
const listen = () => server.listen(port, "0.0.0.0", 4096);
createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "count") process.stdout.write(`${connections}\n`);
  if (line === "close") server.close();
  if (line === "open" && !server.listening) listen();
});
server.once("listening", () => process.stdout.write("listening\n"));
listen();
