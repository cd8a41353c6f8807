/**
 * A small tour: a link, an address, a route, what the kernel announces of them, and an IPVS service.
 *
 * Run it where it may change things: `node test/lab/run.ts native/netlink/example.ts`, or `unshare --net node example.ts` as root
 * (then without IPVS, if the kernel has none).
 */
import { IpvsMissingError, newDestination, newService, openIpvs } from "netlink/ipvs";
import {
  describeRequest,
  listAddresses,
  listLinks,
  newAddress,
  newLink,
  newRoute,
  openRoute,
  openRouteEvents,
} from "netlink/route";

function routing(): void {
  using route = openRoute();
  using events = openRouteEvents({
    topics: ["link", "address", "route"],
    onEvent: (event) => console.log(event.gone ? "gone:" : "seen:", JSON.stringify(event)),
    onLost: () => console.log("announcements were lost: read everything again"),
  });

  route.request(newLink({ kind: "veth", name: "shop", peer: { name: "shop-far" }, up: true }));
  const shop = listLinks(route).find(({ name }) => name === "shop");
  if (shop === undefined) throw new Error("the link was made and is not there");

  const changes = [
    newAddress({ ifindex: shop.index, ip: "192.0.2.9", length: 24, label: "shop:vip" }),
    newAddress({ ifindex: shop.index, ip: "192.0.2.9", length: 24 }),
    newRoute({
      family: "ipv4",
      destination: "198.51.100.0/24",
      gateway: "192.0.2.254",
      ifindex: shop.index,
      metric: 7,
    }),
  ];
  // one send; the second is refused, the third is done all the same
  for (const [index, outcome] of route.batch(changes).entries()) {
    const change = changes[index];
    console.log(outcome?.message ?? `done: ${change && describeRequest(change)}`);
  }
  console.log(listAddresses(route, { ifindex: shop.index }));
  events.drain();
}

function balancing(): void {
  using ipvs = openIpvs();
  const id = { type: "address", protocol: "tcp", ip: "192.0.2.9", port: 80 } as const;
  ipvs.perform(newService({ id, scheduler: "wrr", flags: 0, timeoutSeconds: 0, netmask: 32, pe: undefined }));
  const server = { port: 80, weight: 1, forwarding: { method: "NAT" }, upperThreshold: 0, lowerThreshold: 0 } as const;
  ipvs.performAll(["10.0.0.11", "10.0.0.12"].map((ip) => newDestination(id, { ip, ...server })));
  for (const service of ipvs.services()) console.log(service, ipvs.destinations(service.id));
}

routing();
try {
  balancing();
} catch (error) {
  if (!(error instanceof IpvsMissingError)) throw error;
  console.log(error.message);
}
