import { describe, expect, test } from "vitest";
import { decodeFamily, encodeMessage, FLAG, genericMessage, readMessages } from "../../../native/netlink/index.ts";
import { decodeInfo } from "../../../native/netlink/ipvs/config.ts";
import {
  type Change,
  CMD,
  type Destination,
  decodeDestination,
  decodeService,
  deleteDaemon,
  deleteDestination,
  deleteService,
  describeChange,
  flush,
  newDaemon,
  newDestination,
  newService,
  SERVICE_FLAG,
  type Service,
  type ServiceId,
  setDestination,
  setService,
  setTimeouts,
  zero,
} from "../../../native/netlink/ipvs/index.ts";
import { serviceRef } from "../../../native/netlink/ipvs/services.ts";
import { answers, ipvsadmRequests } from "./captured.ts";
import { sent, unnumbered } from "./hex.ts";

/** The type that the family had in the captured kernel. */
const FAMILY = 0x1c;

const web: ServiceId = { type: "address", protocol: "tcp", ip: "192.0.2.1", port: 80 };
const dns: ServiceId = { type: "address", protocol: "udp", ip: "192.0.2.2", port: 53 };
const secure: ServiceId = { type: "address", protocol: "tcp", ip: "2001:db8::1", port: 443 };
const marked: ServiceId = { type: "fwmark", mark: 7, family: "ipv4" };

function service(id: ServiceId, scheduler: string, more: Partial<Service> = {}): Service {
  const netmask = id.type === "address" && id.ip.includes(":") ? 128 : 32;
  return { id, scheduler, flags: 0, timeoutSeconds: 0, netmask, pe: undefined, ...more };
}

function destination(ip: string, port: number, more: Partial<Destination> = {}): Destination {
  return { ip, port, weight: 1, forwarding: { method: "NAT" }, upperThreshold: 0, lowerThreshold: 0, ...more };
}

const PERSISTENT_SH = SERVICE_FLAG.persistent | SERVICE_FLAG.scheduler1 | SERVICE_FLAG.scheduler2;
const TUN = { method: "TUN", tunnel: "ipip", port: 0, checksum: "nocsum" } as const;
const GUE = { method: "TUN", tunnel: "gue", port: 6080, checksum: "csum" } as const;

/** Commands that name a service by nothing but its identity say less than ipvsadm does: see `leaner`. */
const whole: Partial<Record<keyof typeof ipvsadmRequests, Change>> = {
  "ipvsadm -A -t 192.0.2.1:80 -s wlc": newService(service(web, "wlc")),
  "ipvsadm -A -u 192.0.2.2:53 -s rr -p 300 -M 255.255.255.0": newService(
    service(dns, "rr", { flags: SERVICE_FLAG.persistent, timeoutSeconds: 300, netmask: 24 }),
  ),
  "ipvsadm -A -t [2001:db8::1]:443 -s sh -b sh-port,sh-fallback -p 60 -M 64": newService(
    service(secure, "sh", { flags: PERSISTENT_SH, timeoutSeconds: 60, netmask: 64 }),
  ),
  "ipvsadm -A -f 7 -s wrr": newService(service(marked, "wrr")),
  "ipvsadm -A -f 8 -6 -s mh": newService(service({ type: "fwmark", mark: 8, family: "ipv6" }, "mh", { netmask: 128 })),
  "ipvsadm -A -u 192.0.2.3:5060 -s rr -o": newService(
    service({ type: "address", protocol: "udp", ip: "192.0.2.3", port: 5060 }, "rr", { flags: SERVICE_FLAG.onePacket }),
  ),
  "ipvsadm -E -t 192.0.2.1:80 -s lc": setService(service(web, "lc")),
  "ipvsadm --set 300 60 120": setTimeouts({ tcpSeconds: 300, tcpFinSeconds: 60, udpSeconds: 120 }),
  "ipvsadm --start-daemon master --mcast-interface lo --syncid 7 --mcast-group 224.0.0.99 --mcast-port 9000 --mcast-ttl 3 --sync-maxlen 1400":
    newDaemon({ state: "master", link: "lo", syncId: 7, maxLength: 1400, group: "224.0.0.99", port: 9000, ttl: 3 }),
  "ipvsadm --stop-daemon master": deleteDaemon("master"),
  "ipvsadm -Z": zero(),
  "ipvsadm -C": flush(),
};

const leaner: Partial<Record<keyof typeof ipvsadmRequests, Change>> = {
  "ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 5": newDestination(
    web,
    destination("10.0.0.1", 8080, { weight: 5 }),
  ),
  "ipvsadm -a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 0 -x 100 -y 50": newDestination(
    web,
    destination("10.0.0.2", 80, { weight: 0, forwarding: { method: "DR" }, upperThreshold: 100, lowerThreshold: 50 }),
  ),
  "ipvsadm -a -f 7 -r 10.0.0.3:0 -i --tun-type gue --tun-port 6080 --tun-csum": newDestination(
    marked,
    destination("10.0.0.3", 0, { forwarding: GUE }),
  ),
  "ipvsadm -a -t [2001:db8::1]:443 -r [2001:db8::11]:443 -i": newDestination(
    secure,
    destination("2001:db8::11", 443, { forwarding: TUN }),
  ),
  "ipvsadm -e -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 9": setDestination(
    web,
    destination("10.0.0.1", 8080, { weight: 9 }),
  ),
};

function bytesOf(change: Change, flags: number = FLAG.request | FLAG.ack): string {
  return sent(encodeMessage(genericMessage(FAMILY, change.command, 1, change.attrs), flags, 0));
}

describe("requests are those of ipvsadm, byte by byte", () => {
  for (const [command, change] of Object.entries(whole)) {
    test(command, () => {
      expect(bytesOf(change)).toBe(unnumbered(ipvsadmRequests[command as keyof typeof ipvsadmRequests]));
    });
  }

  test("ipvsadm -L -n asks for destinations by the identity of the service", () => {
    const captured = ipvsadmRequests["ipvsadm -L -n (destinations of tcp 192.0.2.1:80)"];
    expect(bytesOf({ command: CMD.getDest, attrs: [serviceRef(web)] }, FLAG.request | FLAG.ack | FLAG.dump)).toBe(
      unnumbered(captured),
    );
  });

  for (const [command, change] of Object.entries(leaner)) {
    test(`${command}: the same server, the service by its identity`, () => {
      const captured = ipvsadmRequests[command as keyof typeof ipvsadmRequests];
      expect(afterService(bytesOf(change))).toBe(afterService(captured));
      expect(commandOf(bytesOf(change))).toBe(commandOf(captured));
    });
  }

  test("deletions name what goes", () => {
    const named = identityIn(ipvsadmRequests["ipvsadm -L -n (destinations of tcp 192.0.2.1:80)"]);
    expect(identityIn(bytesOf(deleteService(web)))).toBe(named);
    expect(identityIn(bytesOf(zero(web)))).toBe(named);
    expect(identityIn(bytesOf(deleteDestination(web, { ip: "10.0.0.2", port: 80 })))).toBe(named);
    const captured = afterService(ipvsadmRequests["ipvsadm -d -t 192.0.2.1:80 -r 10.0.0.2:80"]);
    const deletion = afterService(bytesOf(deleteDestination(web, { ip: "10.0.0.2", port: 80 })));
    expect(captured.slice(8)).toContain(deletion.slice(8)); // without the length of the nest
  });
});

describe("answers of the kernel", () => {
  test("services", () => {
    const services = messagesOf("ipvsadm -L -n, services").map(decodeService);
    const zeros = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };
    expect(services).toContainEqual({ ...service(web, "lc"), stats: expect.objectContaining(zeros) });
    expect(services.map((each) => each?.id)).toContainEqual(marked);
    expect(services).toContainEqual(
      expect.objectContaining(service(secure, "sh", { flags: PERSISTENT_SH, timeoutSeconds: 60, netmask: 64 })),
    );
    expect(services).toContainEqual(
      expect.objectContaining(service(dns, "rr", { flags: SERVICE_FLAG.persistent, timeoutSeconds: 300, netmask: 24 })),
    );
    expect(services).toHaveLength(6);
  });

  test("destinations", () => {
    const destinations = messagesOf("ipvsadm -L -n, destinations").map(decodeDestination);
    expect(destinations[0]).toMatchObject({
      ...destination("10.0.0.1", 8080, { weight: 9 }),
      activeConnections: 0,
      inactiveConnections: 0,
      persistentConnections: 0,
    });
    expect(destinations).toContainEqual(expect.objectContaining(destination("10.0.0.3", 0, { forwarding: GUE })));
    expect(destinations).toContainEqual(expect.objectContaining(destination("2001:db8::11", 443, { forwarding: TUN })));
  });

  test("the version and the family", () => {
    const [info] = messagesOf("ipvsadm -L -n, info").map(decodeInfo);
    expect(info).toEqual({ version: "1.2.1", tableSize: 4096 });
    const [family] = messagesOf("ipvsadm -L -n, family").map(decodeFamily);
    expect(family).toEqual({ id: FAMILY, name: "IPVS", version: 1, groups: new Map() });
  });
});

test("changes in words, as a dry run writes them down", () => {
  const changes = [...Object.values(whole), ...Object.values(leaner), deleteService(web), zero(web)];
  const deletion = deleteDestination(secure, { ip: "2001:db8::11", port: 443 });
  expect([...changes, deletion].map(describeChange)).toMatchInlineSnapshot(`
    [
      "add service tcp 192.0.2.1:80 scheduler wlc",
      "add service udp 192.0.2.2:53 scheduler rr persistent 300 s per /24",
      "add service tcp [2001:db8::1]:443 scheduler sh flag-1 flag-2 persistent 60 s per /64",
      "add service fwmark 7 ipv4 scheduler wrr",
      "add service fwmark 8 ipv6 scheduler mh",
      "add service udp 192.0.2.3:5060 scheduler rr one-packet",
      "change service tcp 192.0.2.1:80 scheduler lc",
      "set timeouts tcp 300 s, tcpfin 60 s, udp 120 s",
      "start sync daemon master on lo with id 7",
      "stop sync daemon master",
      "zero counters of all services",
      "delete all services",
      "add destination 10.0.0.1:8080 weight 5 NAT to tcp 192.0.2.1:80",
      "add destination 10.0.0.2:80 weight 0 DR upper threshold 100 lower threshold 50 to tcp 192.0.2.1:80",
      "add destination 10.0.0.3:0 weight 1 TUN gue port 6080 csum to fwmark 7 ipv4",
      "add destination [2001:db8::11]:443 weight 1 TUN to tcp [2001:db8::1]:443",
      "change destination 10.0.0.1:8080 weight 9 NAT of tcp 192.0.2.1:80",
      "delete service tcp 192.0.2.1:80",
      "zero counters of tcp 192.0.2.1:80",
      "delete destination [2001:db8::11]:443 of tcp [2001:db8::1]:443",
    ]
  `);
});

function messagesOf(name: keyof typeof answers) {
  return answers[name].flatMap((hex) => readMessages(Buffer.from(hex, "hex")));
}

/** Hexadecimal places: nlmsghdr 32, genlmsghdr 8, then the attribute of the service. */
const HEADERS = 40;

function commandOf(hex: string): string {
  return hex.slice(32, HEADERS);
}

function serviceEnd(hex: string): number {
  return HEADERS + 2 * Buffer.from(hex.slice(HEADERS, HEADERS + 4), "hex").readUInt16LE(0);
}

function afterService(hex: string): string {
  return hex.slice(serviceEnd(hex));
}

function identityIn(hex: string): string {
  return hex.slice(HEADERS, serviceEnd(hex));
}
