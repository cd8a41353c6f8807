/** Asking whether somebody has an address: RFC 5227 §2.1. */
import { openSocket } from "dgram-ext";
import { parseIpv4 } from "./address.ts";
import { type ArpPacket, decodeArp, ETHERTYPE, encodeArpProbe, parseMac } from "./codec.ts";

export type ProbeOptions = {
  readonly ifindex: number;
  /** Of the link; frames from it are our own. */
  readonly mac: string;
  /** How long to wait for an answer, ms. */
  readonly timeoutMs: number;
  /** Frames to send, evenly over the time; default 3 (PROBE_NUM). */
  readonly probes?: number;
  readonly signal?: AbortSignal;
};

export type ArpAnswer = { readonly answeredBy: string };

/**
 * @returns who has, or at this moment probes for, the address; undefined if nobody answered in time
 * @throws {SystemError} if the frames cannot be sent; the signal's reason if it aborts
 */
export async function arpProbe(ip: string, options: ProbeOptions): Promise<ArpAnswer | undefined> {
  const { ifindex, timeoutMs, probes = 3, signal } = options;
  const mac = parseMac(options.mac);
  const own = options.mac.toLowerCase();
  const frame = encodeArpProbe(parseIpv4(ip), mac);
  signal?.throwIfAborted();
  using socket = openSocket({ domain: "packet", type: "raw", protocol: 0 });
  socket.bind({ family: "packet", ifindex, protocol: ETHERTYPE.arp });
  const { promise, resolve, reject } = Promise.withResolvers<ArpAnswer | undefined>();

  function guarded(deed: () => void): () => void {
    return () => {
      try {
        deed();
      } catch (error) {
        reject(error);
      }
    };
  }
  function read(): void {
    for (let datagram = socket.receive(); datagram !== undefined; datagram = socket.receive()) {
      const packet = decodeArp(datagram.data);
      if (packet !== undefined && isConflict(packet, ip, own)) resolve({ answeredBy: packet.senderMac });
    }
  }
  function send(): void {
    socket.send(frame, { family: "packet", ifindex });
  }

  socket.onReadable(guarded(read));
  guarded(send)();
  const again = setInterval(guarded(send), timeoutMs / probes);
  const end = setTimeout(() => resolve(undefined), timeoutMs);
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await promise;
  } finally {
    clearInterval(again);
    clearTimeout(end);
    signal?.removeEventListener("abort", abort);
  }
}

/** RFC 5227 §2.1.1: any ARP packet from the address, or another's probe for it. */
export function isConflict(packet: ArpPacket, ip: string, ownMac: string): boolean {
  if (packet.senderMac === ownMac) return false;
  if (packet.senderIp === ip) return true;
  return packet.operation === 1 && packet.senderIp === "0.0.0.0" && packet.targetIp === ip;
}
