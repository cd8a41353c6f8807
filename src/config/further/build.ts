/** Everything that no room acts upon yet, out of what is written. */
import { parseIp } from "../../base/address.ts";
import type { Line, Written } from "../written/setting.ts";
import {
  type Block,
  blocksIn,
  ipIn,
  linesIn,
  numberIn,
  numberOption,
  numberOrDefault,
  prefixOf,
  rootOf,
  says,
  textIn,
  valueIn,
} from "./reading.ts";
import { routeOf, ruleOf, staticAddressOf } from "./routes.ts";
import { furtherChecksOf, serviceGroupsOf } from "./services.ts";
import type { FurtherSettings, GarpGroup, InstanceFurther, VirtualLink } from "./settings.ts";
import { bfdOf, filesOf, processesOf } from "./tracking.ts";

export function buildFurther(written: Written): FurtherSettings {
  const root = rootOf(written);
  return {
    static: {
      addresses: linesIn(root, "static_ipaddress").flatMap(staticAddressOf),
      routes: linesIn(root, "static_routes").map(routeOf),
      rules: linesIn(root, "static_rules").map(ruleOf),
    },
    instances: blocksIn(root, "vrrp_instance").map(instanceOf),
    trackGroups: blocksIn(root, "track_group").map((group) => ({
      name: group.names[0] ?? "",
      instances: subjects(linesIn(group, "group")),
    })),
    garpGroups: blocksIn(root, "garp_group").map(garpGroupOf),
    linkDelays: linesIn(root, "interface_up_down_delays").map(delayOf),
    serviceGroups: serviceGroupsOf(written),
    files: filesOf(root),
    processes: processesOf(root),
    bfd: bfdOf(root),
    checks: furtherChecksOf(root),
  };
}

function instanceOf(block: Block): InstanceFurther {
  return {
    name: block.names[0] ?? "",
    routes: linesIn(block, "virtual_routes").map(routeOf),
    rules: linesIn(block, "virtual_rules").map(ruleOf),
    link: virtualLinkOf(block),
    vrf: textIn(block, "vrf"),
    unicast: unicastOf(block),
  };
}

function unicastOf(block: Block): InstanceFurther["unicast"] {
  if (!says(block, "unicast_peer")) return undefined;
  return {
    source: ipIn(block, "unicast_src_ip") ?? ipIn(block, "mcast_src_ip"),
    ttl: numberIn(block, "unicast_ttl"),
    peers: linesIn(block, "unicast_peer").flatMap(({ subject, options }) => {
      const ip = parseIp(subject ?? "");
      const [minTtl = 0, maxTtl = 255] = [numberOption(options, "min_ttl"), numberOption(options, "max_ttl")];
      return ip === undefined ? [] : [{ ip, minTtl, maxTtl }];
    }),
    faultWithoutPeer: says(block, "unicast_fault_no_peer"),
    checkSource: says(block, "check_unicast_src"),
  };
}

const MAC = /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/;
const MODES = ["bridge", "private", "vepa"];

function virtualLinkOf(block: Block): VirtualLink | undefined {
  const kind = says(block, "use_vmac") ? "vmac" : says(block, "use_ipvlan") ? "ipvlan" : undefined;
  if (kind === undefined) return undefined;
  const words = valueIn(block, `use_${kind}`, "words")?.words ?? [];
  const known = new Set(["name", "netlink_notify_msg", "group", ...MODES]);
  const isName = (word: string, at: number) =>
    words[at - 1] === "name" ||
    (!known.has(word) && !MAC.test(word) && prefixOf(word) === undefined && words[at - 1] !== "group");
  return {
    kind,
    name: words.find(isName),
    mac: words.find((word) => MAC.test(word)),
    address: words.map(prefixOf).find((prefix) => prefix !== undefined),
    mode: words.find((word) => MODES.includes(word)),
    advertsBelow: says(block, "vmac_xmit_base"),
  };
}

function garpGroupOf(block: Block): GarpGroup {
  const single = block.body.flatMap(({ keyword, value }) =>
    keyword === "interface" && value.type === "text" ? [value.text] : [],
  );
  return {
    links: [...single, ...subjects(linesIn(block, "interfaces"))],
    gapMs: { ipv4: numberOrDefault(block, "garp_interval"), ipv6: numberOrDefault(block, "gna_interval") },
  };
}

function delayOf({ subject = "", options }: Line): FurtherSettings["linkDelays"][number] {
  const [down = 0, up = 0] = options.map(({ name }) => Number(name) * 1000);
  return { link: subject, downMs: down, upMs: up };
}

function subjects(lines: readonly Line[]): readonly string[] {
  return lines.flatMap(({ subject }) => (subject === undefined ? [] : [subject]));
}
