/**
 * Listens for VRRP adverts on one interface and says who sent them, and how long it took until JavaScript saw them:
 *
 *     node example.ts [INTERFACE [SECONDS]]
 *
 * It needs CAP_NET_RAW, which it keeps after it has given up everything else. Without adverts of others, `--send` makes one
 * (priority 0 for VRID 255: "I am leaving", which no router minds).
 */

import {
  boottimeMs,
  CAP,
  dropPrivileges,
  IP,
  IPPROTO,
  interfaceIndex,
  openSocket,
  openTimer,
  realtimeMs,
  SO,
  SOL,
  setRealtime,
} from "dgram-ext";

const VRRP = { family: "ipv4", address: "224.0.0.18" } as const;
const words = process.argv.slice(2).filter((word) => word !== "--send");
const device = words[0] ?? "eth0";
const seconds = Number(words[1] ?? "10");

const ifindex = interfaceIndex(device);
if (ifindex === undefined) throw new Error(`There is no interface ${device}`);

const socket = openSocket({ domain: "ipv4", type: "raw", protocol: IPPROTO.VRRP });
socket.setOption(SOL.SOCKET, SO.BINDTODEVICE, Buffer.from(`${device}\0`));
socket.setOption(SOL.SOCKET, SO.TIMESTAMPNS, 1);
socket.setOption(IPPROTO.IP, IP.PKTINFO, 1);
socket.setOption(IPPROTO.IP, IP.RECVTTL, 1);
socket.setOption(IPPROTO.IP, IP.MULTICAST_TTL, 255);
socket.join(VRRP.address, ifindex);
setRealtime(50);
dropPrivileges({ uid: 65534, gid: 65534, keep: [CAP.NET_RAW] });

let adverts = 0;
socket.onReadable(() => {
  const seenMs = realtimeMs();
  for (let datagram = socket.receive(); datagram !== undefined; datagram = socket.receive()) {
    const { data, from, destination, ttl, realtimeMs: stampMs = seenMs } = datagram;
    const vrrp = data.subarray(((data[0] ?? 0) & 0x0f) * 4); // after the IP header
    const sender = from?.family === "ipv4" ? from.address : "?";
    const delayMs = (seenMs - stampMs).toFixed(3);
    console.log(`${sender} → ${destination} ttl ${ttl} vrid ${vrrp[1]} priority ${vrrp[2]}, seen after ${delayMs} ms`);
    adverts++;
  }
});

if (process.argv.includes("--send")) {
  socket.setOption(IPPROTO.IP, IP.MULTICAST_LOOP, 1);
  socket.send(Buffer.from("21ff00000001ddff0000000000000000", "hex"), VRRP, { ifindex });
}

const timer = openTimer(() => {
  console.log(`${adverts} adverts on ${device} in ${seconds} s`);
  timer.close();
  socket.close();
});
timer.armAt(boottimeMs() + seconds * 1000);
