/** A client that keeps one connection and asks on it again and again: HOST PORT INTERVAL_MS. Says `answer N PAGE`, and how it ended. */
import { connect } from "node:net";

const [host = "", port = "80", interval = "200"] = process.argv.slice(2);
const socket = connect({ host, port: Number(port) });
let count = 0;
socket.setEncoding("utf8");
socket.on("connect", () => {
  console.log("connected");
  const ask = () => socket.write(`GET /keep HTTP/1.1\r\nHost: ${host}\r\nConnection: keep-alive\r\n\r\n`);
  ask();
  setInterval(ask, Number(interval));
});
socket.on("data", (text: string) => console.log(`answer ${++count} ${text.split("\r\n\r\n")[1]?.trim() ?? ""}`));
socket.on("error", (error) => console.log(`error ${error.message}`));
socket.on("close", () => {
  console.log("closed");
  process.exit(0);
});
