/** Addresses, routes and rules that are static or move with an instance. */
import { parseIp } from "../../base/address.ts";
import type { Line, LineOption } from "../written/setting.ts";
import { has, networkOf, numberOption, option, prefixOf } from "./reading.ts";
import type { RouteSettings, RuleSettings, StaticAddress } from "./settings.ts";

export function staticAddressOf({ subject, options }: Line): readonly StaticAddress[] {
  const prefix = prefixOf(subject ?? "");
  if (prefix === undefined) return [];
  const rest = without(options, ["dev", "track_group"]);
  return [{ ...prefix, link: option(options, "dev"), trackGroup: option(options, "track_group"), options: rest }];
}

const ROUTE_WORDS = [
  "to",
  "via",
  "src",
  "dev",
  "oif",
  "table",
  "metric",
  "priority",
  "preference",
  "no_track",
  "track_group",
];

export function routeOf({ kind, subject, options }: Line): RouteSettings {
  const hop = options.findIndex(({ name }) => name === "nexthop");
  const own = hop === -1 ? options : options.slice(0, hop);
  return {
    kind: kind ?? "unicast",
    to: networkOf(option(own, "to") ?? subject),
    via: addressIn(own, "via"),
    source: addressIn(own, "src"),
    link: option(own, "dev", "oif"),
    table: option(own, "table") ?? "main",
    metric: numberOption(own, "metric", "priority", "preference") ?? 0,
    nexthops: hop === -1 ? [] : nexthopsOf(options.slice(hop)),
    track: !has(own, "no_track"),
    trackGroup: option(own, "track_group"),
    options: without(own, ROUTE_WORDS),
  };
}

function nexthopsOf(options: readonly LineOption[]): RouteSettings["nexthops"] {
  const starts = options.flatMap(({ name }, at) => (name === "nexthop" ? [at] : []));
  return starts.map((start, i) => {
    const own = options.slice(start + 1, starts[i + 1]);
    return { via: addressIn(own, "via"), link: option(own, "dev", "oif"), weight: numberOption(own, "weight") ?? 1 };
  });
}

const RULE_WORDS = [
  "not",
  "from",
  "to",
  "table",
  "lookup",
  "preference",
  "order",
  "priority",
  "fwmark",
  "no_track",
  "track_group",
];
const ACTIONS = ["blackhole", "prohibit", "unreachable", "goto", "nop"];

export function ruleOf({ options }: Line): RuleSettings {
  return {
    not: has(options, "not"),
    from: networkOf(option(options, "from")),
    to: networkOf(option(options, "to")),
    table: option(options, "table", "lookup"),
    preference: numberOption(options, "preference", "order", "priority"),
    mark: markOf(option(options, "fwmark")),
    action: ACTIONS.find((action) => has(options, action)) ?? "lookup",
    track: !has(options, "no_track"),
    trackGroup: option(options, "track_group"),
    options: without(options, [...RULE_WORDS, ...ACTIONS.filter((action) => action !== "goto")]),
  };
}

function markOf(text: string | undefined): RuleSettings["mark"] {
  if (text === undefined) return undefined;
  const [value = 0, mask = 0xffff_ffff] = text.split("/").map(Number);
  return { value, mask };
}

function addressIn(options: readonly LineOption[], name: string) {
  return parseIp(option(options, name) ?? "");
}

function without(options: readonly LineOption[], names: readonly string[]): readonly LineOption[] {
  return options.filter(({ name }) => !names.includes(name));
}
