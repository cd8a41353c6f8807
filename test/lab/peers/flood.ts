/**
 * A neighbour that sends VRRP packets: `node flood.ts DEVICE SOURCE COUNT PAUSE_MS malformed|rogue`. A packet every PAUSE_MS (0: as many as go).
 *
 * `malformed`: wrong in every way there is, from noise to an advert with one wrong bit, also from other sources; `rogue`: valid
 * adverts of VRID 51 in version 3 at 100 ms with priority 50. Says `sent COUNT`.
 */
import { IP, IPPROTO, MSG, openSocket, SO, SOL } from "dgram-ext";

const [device = "", source = "", count = "0", pause = "0", kind = ""] = process.argv.slice(2);
const GROUP = "224.0.0.18";
const VIP = [10, 3, 0, 100];

const socket = openSocket({ domain: "ipv4", type: "raw", protocol: IPPROTO.RAW });
socket.setOption(SOL.SOCKET, SO.BINDTODEVICE, Buffer.from(`${device}\0`));
socket.setOption(IPPROTO.IP, IP.HDRINCL, 1);

const bytesOf = (ip: string) => ip.split(".").map(Number);

/** RFC 9568 §5.2, with its checksum over the pseudo header. */
function advert(priority: number, from: string): Buffer {
  const bytes = Buffer.from([0x31, 51, priority, 1, 0, 10, 0, 0, ...VIP]);
  const pseudo = Buffer.from([...bytesOf(from), ...bytesOf(GROUP), 0, 112, 0, bytes.length]);
  bytes.writeUInt16BE(checksum(Buffer.concat([pseudo, bytes])), 6);
  return bytes;
}

function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An IPv4 packet; the kernel fills in its length and checksum. */
function packet(payload: Buffer, from = source, ttl = 255): Buffer {
  const header = [0x45, 0xc0, 0, 0, 0, 0, 0, 0, ttl, 112, 0, 0, ...bytesOf(from), ...bytesOf(GROUP)];
  return Buffer.concat([Buffer.from(header), payload]);
}

function changed(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
}

/** A small generator of its own, so that every run sends the same. */
function* noise(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state >>> 24;
  }
}

function malformed(): readonly Buffer[] {
  const good = advert(250, source);
  const random = noise(7);
  const next = () => random.next().value ?? 0;
  const packets = [
    packet(good, source, 254),
    packet(changed(good, 0, 0x21)),
    packet(changed(good, 0, 0x41)),
    packet(changed(good, 0, 0x32)),
    packet(changed(good, 3, 200)),
    packet(changed(good, 3, 0)),
    packet(changed(good, 6, (good[6] ?? 0) ^ 1)),
    packet(changed(good, 2, 255)),
    ...Array.from({ length: good.length }, (_, length) => packet(good.subarray(0, length))),
    packet(Buffer.concat([good, Buffer.alloc(1000)])),
  ];
  for (let index = 0; index < 200; index++) {
    const bytes = Buffer.from(Array.from({ length: next() }, next));
    // like an advert of ours as far as it goes: the rest must be found wrong
    if (index % 2 === 0 && bytes.length > 2) bytes.set([0x31, 51]);
    packets.push(packet(bytes, index % 3 === 0 ? `10.3.0.${1 + (next() % 250)}` : source));
  }
  return packets;
}

const packets = kind === "rogue" ? [packet(advert(50, source))] : malformed();
const to = { family: "ipv4", address: GROUP } as const;

function send(index: number): boolean {
  return (
    socket.send(packets[index % packets.length] ?? packet(Buffer.alloc(0)), to, { flags: MSG.DONTROUTE }) !== undefined
  );
}

let sent = 0;
if (Number(pause) === 0) {
  // in portions, so that the processor is somebody else's now and then
  while (sent < Number(count)) {
    for (let portion = 0; portion < 200 && sent < Number(count); ) {
      if (send(sent)) sent++;
      portion++;
    }
    await new Promise((done) => setTimeout(done, 1));
  }
} else {
  const startedMs = performance.now();
  while (sent < Number(count)) {
    if (performance.now() - startedMs >= sent * Number(pause)) {
      if (send(sent)) sent++;
    } else await new Promise((done) => setTimeout(done, 1));
  }
}
console.log(`sent ${sent}`);
socket.close();
