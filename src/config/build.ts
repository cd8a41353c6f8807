/** The validated tree to the typed value; one file for each part of it (`build-*.ts`). */
import { booleanOf, findAll, numberOf } from "./access.ts";
import { buildGlobal, buildIpvsGlobal, buildMail, type Machine } from "./build-global.ts";
import { buildGroups } from "./build-group.ts";
import { buildNotify } from "./build-notify.ts";
import { buildRouters } from "./build-router.ts";
import { buildServices } from "./build-service.ts";
import { buildScripts } from "./build-track.ts";
import type { Config } from "./config.ts";
import type { Rule } from "./grammar.ts";
import { grammar as fullGrammar, type Grammar } from "./grammar.ts";
import type { Report } from "./problems.ts";
import type { Statement } from "./statement.ts";

export function build(
  statements: readonly Statement[],
  machine: Machine,
  report: Report,
  grammar: Grammar = fullGrammar,
): Config {
  const root = blockOf("", undefined, statements, grammar.root);
  const rule = grammar.root.get("global_defs");
  const defs = blockOf(
    "global_defs",
    rule,
    findAll(root, "global_defs").flatMap(({ body }) => body ?? []),
    rule?.inside ?? new Map(),
  );
  const scriptBlocks = findAll(root, "vrrp_script");
  const groupBlocks = findAll(root, "vrrp_sync_group");
  const scripts = buildScripts(scriptBlocks, report);
  const built = buildRouters(findAll(root, "vrrp_instance"), { defs, scripts, report });
  const { routers, groups } = buildGroups(groupBlocks, built, scripts, report);
  const { services, checks } = buildServices(findAll(root, "virtual_server"), report);
  const tracked = new Set(
    [...routers, ...groups].flatMap(({ trackers }) =>
      trackers.filter(({ tracker }) => tracker === "script").map(({ id }) => id),
    ),
  );
  const notifyGroups = groupBlocks.filter(
    ({ words }, i) =>
      groups.some(({ name }) => name === words[1]) &&
      groupBlocks.findIndex((other) => other.words[1] === words[1]) === i,
  );
  return {
    global: buildGlobal(root, defs, machine, report),
    vrrp: {
      routers,
      groups,
      startupDelayMs: numberOf(defs, "vrrp_startup_delay") ?? 0,
      announceGapMs: {
        ipv4: numberOf(defs, "vrrp_garp_interval") ?? 0,
        ipv6: numberOf(defs, "vrrp_gna_interval") ?? 0,
      },
    },
    scripts: [...scripts.values()].filter(({ name }) => tracked.has(name)),
    checks: { checks, logAllFailures: booleanOf(defs, "checker_log_all_failures") ?? false },
    services: services.map(({ settings }) => settings),
    ipvs: buildIpvsGlobal(defs, report),
    notify: buildNotify({ defs, routers: built, groups: notifyGroups, services }, report),
    mail: buildMail(defs, machine, report),
  };
}

/** A block that the file does not have as one: everything outside, or all of `global_defs` together. */
function blockOf(
  name: string,
  rule: Rule | undefined,
  statements: readonly Statement[],
  inside: ReadonlyMap<string, Rule>,
): Statement {
  const first = statements[0];
  return {
    words: [name],
    source: first?.source ?? { path: "", text: "" },
    line: first?.line ?? 1,
    expanded: undefined,
    start: 0,
    end: 0,
    body: [...statements],
    rule: rule ?? {
      name,
      index: -1,
      inside,
      entry: { path: name, takes: { form: "block", names: [0, 0] }, meaning: "", support: "honoured" },
    },
    value: undefined,
  };
}
