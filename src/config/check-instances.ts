/**
 * Settings of an instance that do not go together: keepalived says so, changes one of them and goes on. What concerns elections and timing is
 * told where those are built (build-*.ts); here are virtual interfaces, unicast, and the names of what an instance makes.
 */
import { find, findAll, has, textOf } from "./access.ts";
import { doubtful, type Report, wrong } from "./problems.ts";
import type { Statement } from "./statement.ts";

export function checkInstances(statements: readonly Statement[], report: Report): void {
  const instances = statements.filter(({ rule }) => rule?.name === "vrrp_instance");
  const makers = new Map<string, Statement>();
  for (const instance of instances) {
    checkMadeName(instance, makers, report);
    const carrier = find(instance, "interface");
    if (carrier?.value === "lo")
      report.at(
        carrier,
        1,
        wrong(
          "VIPD003",
          "interface lo is the loopback, where nobody hears an advert",
          "name the interface of the network",
        ),
      );
    checkVrf(instance, carrier, report);
    checkUnicast(instance, report);
    for (const list of ["virtual_ipaddress", "virtual_ipaddress_excluded"])
      for (const line of findAll(instance, list).flatMap(({ body }) => body ?? [])) checkScope(line, report);
  }
  for (const block of statements.filter(({ rule }) => rule?.name === "static_ipaddress"))
    for (const line of block.body ?? []) checkScope(line, report);
}

function virtualInterface(instance: Statement): Statement | undefined {
  return find(instance, "use_vmac") ?? find(instance, "use_ipvlan");
}

/** keepalived takes a VRF before the interface, and none behind it. */
function checkVrf(instance: Statement, carrier: Statement | undefined, report: Report): void {
  const vrf = find(instance, "vrf");
  const body = instance.body ?? [];
  if (vrf === undefined || carrier === undefined || body.indexOf(vrf) < body.indexOf(carrier)) return;
  const message = `vrf ${vrf.words[1]} stands behind interface ${carrier.words[1]}, where keepalived ignores it`;
  report.at(vrf, 0, doubtful("VIPD015", message, "write vrf before interface, or remove one of them"));
}

const MAC = /^[\da-f]{2}(:[\da-f]{2})+:?$/i;

/** `use_vmac NAME`: two instances cannot make the same interface. */
function checkMadeName(instance: Statement, makers: Map<string, Statement>, report: Report): void {
  const made = virtualInterface(instance);
  const names = made?.rule?.name === "use_vmac" ? made.words.slice(1).filter((word) => !MAC.test(word)) : [];
  if (made !== undefined && names.length > 1) {
    const message = `use_vmac has a name already: ${names[0]}`;
    report.at(made, made.words.indexOf(names[1] ?? ""), doubtful("VIPD004", message, `remove ${names[1]}`));
  }
  const name = made?.words[1];
  if (made === undefined || name === undefined || !/^[A-Za-z]/.test(name)) return;
  const first = makers.get(name);
  if (first === undefined) makers.set(name, instance);
  else {
    const message = `${first.words[1]} (line ${first.line}) makes an interface ${name} already: this one gets another name`;
    report.at(made, 1, doubtful("VIPD014", message, "give each instance a name of its own, or none"));
  }
}

function checkUnicast(instance: Statement, report: Report): void {
  const peers = findAll(instance, "unicast_peer").flatMap(({ body }) => body ?? []);
  const made = virtualInterface(instance);
  const ttl = find(instance, "unicast_ttl");
  if (peers.length === 0) {
    if (ttl !== undefined && !has(instance, "unicast_peer"))
      report.at(ttl, 0, doubtful("VIPD015", "unicast_ttl has no effect without unicast_peer", "remove it"));
    return;
  }
  if (made === undefined) return;
  const name = made.words[0] ?? "";
  if (textOf(instance, "interface") === undefined) {
    const message = `${name} has no effect: unicast without an interface has nothing to put one on`;
    report.at(made, 0, doubtful("VIPD015", message, "add interface IFNAME, or remove it"));
  } else if (!has(instance, "vmac_xmit_base")) {
    const message = `${name} with unicast_peer sends from the interface itself, as if vmac_xmit_base were written`;
    report.at(made, 0, doubtful("VIPD015", message, "add vmac_xmit_base"));
  }
}

function checkScope(line: Statement, report: Report): void {
  const at = line.words.indexOf("scope");
  if (at < 1 || line.words[0]?.includes(":") !== true) return;
  report.at(
    line,
    at,
    doubtful("VIPD015", "a scope is for IPv4 addresses only: that of IPv6 follows from the address", "remove it"),
  );
}
