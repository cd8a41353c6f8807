/**
 * What passes on a wire, as records with the kernel's time stamps. tcpdump captures; adverts and ARP are decoded here, on
 * purpose without the code under test.
 */
import type { Process } from "./process.ts";

type Frame = {
  /** Time of day in milliseconds with fractions, by the kernel. */
  readonly atMs: number;
  readonly sourceMac: string;
  readonly destinationMac: string;
  /** From the Ethernet header on. */
  readonly bytes: Buffer;
};

/** A VRRP advert for IPv4, version 2 or 3. */
export type AdvertFrame = Frame & {
  readonly kind: "vrrp";
  readonly source: string;
  readonly destination: string;
  readonly ttl: number;
  readonly version: number;
  readonly vrid: number;
  readonly priority: number;
  readonly intervalMs: number;
  readonly addresses: readonly string[];
};

export type ArpFrame = Frame & {
  readonly kind: "arp";
  readonly operation: "request" | "reply";
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac: string;
  readonly targetIp: string;
  /** It announces its own sender: sender and target address are the same. */
  readonly gratuitous: boolean;
};

export type OtherFrame = Frame & { readonly kind: "other" };
export type AnyFrame = AdvertFrame | ArpFrame | OtherFrame;

export type Capture = {
  readonly frames: readonly AnyFrame[];
  adverts(): readonly AdvertFrame[];
  arps(): readonly ArpFrame[];
  /** The first frame that `wanted` accepts, of those from number `from` on (default: all); waits up to `timeoutMs` (default 10,000). */
  frame<F extends AnyFrame>(
    wanted: (frame: AnyFrame) => frame is F,
    options?: { readonly from?: number; readonly timeoutMs?: number },
  ): Promise<F>;
  stop(): Promise<void>;
};

type Start = (argv: readonly string[], onBytes: (bytes: Buffer) => void) => Process;

export function isAdvert(frame: AnyFrame): frame is AdvertFrame {
  return frame.kind === "vrrp";
}

/** A gratuitous ARP, of this address if one is named. */
export function announces(address?: string): (frame: AnyFrame) => frame is ArpFrame {
  return (frame): frame is ArpFrame =>
    frame.kind === "arp" && frame.gratuitous && (address === undefined || frame.senderIp === address);
}

/** Starts tcpdump by `start` and resolves when it listens. */
export async function captureWith(start: Start, device: string, filter = "vrrp or arp"): Promise<Capture> {
  const frames: AnyFrame[] = [];
  const waiting = new Set<() => void>();
  const options = [
    "-U",
    "--immediate-mode",
    "--time-stamp-precision=nano",
    "-Z",
    "root",
    "-s",
    "2048",
    "-B",
    "32768",
    "-w",
    "-",
  ];
  const tcpdump = start(
    ["tcpdump", "-i", device, ...options, filter],
    readPcap((frame) => {
      frames.push(frame);
      for (const look of [...waiting]) look();
    }),
  );
  await tcpdump.line(/listening on/);
  const frame: Capture["frame"] = (wanted, { from = 0, timeoutMs = 10_000 } = {}) =>
    new Promise((done, failed) => {
      const look = () => {
        const found = frames.slice(from).find(wanted);
        if (found === undefined) return;
        clearTimeout(limit);
        waiting.delete(look);
        done(found);
      };
      const tooLate = () => {
        waiting.delete(look);
        failed(
          new Error(
            `No such frame on ${device} within ${timeoutMs} ms; the last seen:\n${frames.slice(-40).map(frameText).join("\n")}`,
          ),
        );
      };
      const limit = setTimeout(tooLate, timeoutMs);
      waiting.add(look);
      look();
    });
  return {
    frames,
    adverts: () => frames.filter(isAdvert),
    arps: () => frames.filter((one) => one.kind === "arp"),
    frame,
    stop: async () => void (await tcpdump.stop("SIGINT")),
  };
}

/** One line for people. */
export function frameText(frame: AnyFrame): string {
  const time = `${(frame.atMs / 1000).toFixed(6)} ${frame.sourceMac}`;
  switch (frame.kind) {
    case "vrrp":
      return `${time} advert ${frame.source} vrid=${frame.vrid} priority=${frame.priority} ${frame.addresses.join(" ")}`;
    case "arp":
      return `${time} arp ${frame.operation} ${frame.senderIp} is at ${frame.senderMac}, for ${frame.targetIp}`;
    case "other":
      return `${time} ${frame.bytes.toString("hex", 12, 54)}`;
  }
}

/** A reader of pcap's stream: a header of 24 bytes, then records of 16 bytes and a frame, in this machine's byte order. */
function readPcap(take: (frame: AnyFrame) => void): (chunk: Buffer) => void {
  let buffer = Buffer.alloc(0);
  let started = false;
  return (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    if (!started) {
      if (buffer.length < 24) return;
      started = true;
      buffer = buffer.subarray(24);
    }
    while (buffer.length >= 16) {
      const length = buffer.readUInt32LE(8);
      if (buffer.length < 16 + length) return;
      const atMs = buffer.readUInt32LE(0) * 1000 + buffer.readUInt32LE(4) / 1e6;
      take(decodeFrame(atMs, Buffer.from(buffer.subarray(16, 16 + length))));
      buffer = buffer.subarray(16 + length);
    }
  };
}

export function decodeFrame(atMs: number, bytes: Buffer): AnyFrame {
  const frame = { atMs, bytes, destinationMac: macAt(bytes, 0), sourceMac: macAt(bytes, 6) };
  const type = bytes.length < 14 ? 0 : bytes.readUInt16BE(12);
  if (type === 0x0806 && bytes.length >= 42) return decodeArp(frame);
  if (type === 0x0800 && bytes.length >= 42 && bytes.readUInt8(23) === 112) return decodeAdvert(frame);
  return { kind: "other", ...frame };
}

function decodeArp(frame: Frame): ArpFrame {
  const { bytes } = frame;
  const senderIp = ipAt(bytes, 28);
  const targetIp = ipAt(bytes, 38);
  return {
    kind: "arp",
    ...frame,
    operation: bytes.readUInt16BE(20) === 1 ? "request" : "reply",
    senderMac: macAt(bytes, 22),
    senderIp,
    targetMac: macAt(bytes, 32),
    targetIp,
    gratuitous: senderIp === targetIp,
  };
}

function decodeAdvert(frame: Frame): AdvertFrame {
  const { bytes } = frame;
  const vrrp = bytes.subarray(14 + (bytes.readUInt8(14) & 0x0f) * 4);
  const version = vrrp.readUInt8(0) >> 4;
  return {
    kind: "vrrp",
    ...frame,
    source: ipAt(bytes, 26),
    destination: ipAt(bytes, 30),
    ttl: bytes.readUInt8(22),
    version,
    vrid: vrrp.readUInt8(1),
    priority: vrrp.readUInt8(2),
    intervalMs: version === 2 ? vrrp.readUInt8(5) * 1000 : (vrrp.readUInt16BE(4) & 0x0fff) * 10,
    addresses: Array.from({ length: vrrp.readUInt8(3) }, (_, at) => ipAt(vrrp, 8 + at * 4)),
  };
}

function macAt(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 6)].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function ipAt(bytes: Buffer, at: number): string {
  return bytes.subarray(at, at + 4).join(".");
}
