/**
 * Takes an address as a failover does: asks whether somebody has it, adds it, and tells the neighbours.
 *
 *     example.ts [LINK [ADDRESS]]
 *
 * Run it in the lab, `node test/lab/run.ts native/arping-native/example.ts`, where it makes a link of its own.
 */
import { arpProbe, openAnnouncer } from "arping-native";
import { decodeLink, getLink, newAddress, newLink, openRoute } from "netlink/route";

const [name = "ours", ip = "192.0.2.9"] = process.argv.slice(2);
using route = openRoute();
if (name === "ours") {
  route.request(newLink({ kind: "dummy", name, up: true }));
}
const [reply] = route.request(getLink(name));
const link = reply && decodeLink(reply);
if (link === undefined) throw new Error(`no link ${name}`);

const other = await arpProbe(ip, { ifindex: link.index, mac: link.mac, timeoutMs: 500 });
console.log(other === undefined ? `nobody has ${ip}` : `${ip} is at ${other.answeredBy}`);
route.request(newAddress({ ifindex: link.index, ip, length: 24 }));
using announcer = openAnnouncer({ ifindex: link.index, mac: link.mac });
for (let i = 0; i < 5; i++) announcer.gratuitousArp(ip);
announcer.neighbourAdvertisement("2001:db8::9");
console.log(`told everybody that ${ip} is at ${link.mac}`);
