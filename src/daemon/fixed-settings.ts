/** What cannot change while vipd runs: a reload that changes it is refused, and everything stays as it is (config-language 55). */
import type { Config } from "../config/config.ts";

/**
 * @param option `-s`, which wins over net_namespace
 * @returns why the reload is refused, naming the keyword; undefined if nothing of the kind changes
 */
export function fixedChange(before: Config, after: Config, option: string | undefined): string | undefined {
  const changed = (
    [
      ["net_namespace", option ?? before.global.netNamespace, option ?? after.global.netNamespace],
      ["net_namespace_ipvs", before.global.ipvsNamespace, after.global.ipvsNamespace],
      ["instance", before.global.instance, after.global.instance],
    ] as const
  ).filter(([, was, wanted]) => was !== wanted);
  if (changed.length === 0) return undefined;
  const what = changed.map(([name, was, wanted]) => `${name} ${was ?? "(none)"} → ${wanted ?? "(none)"}`).join(", ");
  return `${what} cannot be changed by a reload; restart vipd`;
}
