/** How a service spreads its clients: scheduler, persistence, quorum. */
import { bitsOf, type Family, parseIp } from "../base/address.ts";
import type { ServiceSettings } from "../ipvs/settings.ts";
import { find, numberIn, numberOf, textOf } from "./access.ts";
import { doubtful, nearest, type Report, wrong } from "./problems.ts";
import type { Statement } from "./statement.ts";

const schedulers = ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq", "twos"];

export function schedulerOf(block: Statement, report: Report): string {
  const statement = find(block, "lb_algo") ?? find(block, "lvs_sched");
  if (statement === undefined) {
    report.at(
      block,
      1,
      doubtful(
        "VIPD012",
        `virtual_server ${block.words.slice(1).join(" ")} has no lb_algo: wlc is taken`,
        "write lb_algo wlc, or another",
      ),
    );
    return "wlc";
  }
  const name = statement.words[1] ?? "";
  if (schedulers.includes(name)) return name;
  const near = nearest(name, schedulers);
  report.at(
    statement,
    1,
    wrong(
      "VIPD003",
      `${statement.words[0]} ${name} is no scheduler`,
      near === undefined ? `write one of ${schedulers.join(", ")}` : `did you mean ${near}?`,
    ),
  );
  return "wlc";
}

const DEFAULT_PERSISTENCE_S = 360;

export function persistenceOf(
  block: Statement,
  match: ServiceSettings["match"],
  family: Family,
  report: Report,
): ServiceSettings["persistence"] {
  const timeout = find(block, "persistence_timeout");
  const granularity = find(block, "persistence_granularity");
  const forced = match.type === "address" && match.port === 0;
  if (timeout === undefined && granularity === undefined && !forced) return undefined;
  if (forced && timeout === undefined) {
    const message = `a service for every port is always persistent: persistence_timeout ${DEFAULT_PERSISTENCE_S} is taken`;
    report.at(block, 2, doubtful("VIPD015", message, `write persistence_timeout ${DEFAULT_PERSISTENCE_S}, or a port`));
  }
  return {
    timeoutSeconds: numberOf(block, "persistence_timeout") ?? DEFAULT_PERSISTENCE_S,
    granularity: (granularity === undefined ? undefined : maskLength(granularity, family, report)) ?? bitsOf(family),
    engine: textOf(block, "persistence_engine"),
  };
}

/** `255.255.255.0` to 24 for IPv4; a prefix length for IPv6. */
function maskLength(statement: Statement, family: Family, report: Report): number | undefined {
  const text = statement.words[1] ?? "";
  if (family === "ipv6" && /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 128) return Number(text);
  const mask =
    family === "ipv4"
      ? parseIp(text)
          ?.split(".")
          .map((part) => Number(part).toString(2).padStart(8, "0"))
          .join("")
      : undefined;
  if (mask !== undefined && /^1+0*$/.test(mask)) return mask.lastIndexOf("1") + 1;
  const expected = family === "ipv4" ? "a netmask such as 255.255.255.0" : "a prefix length from 1 to 128";
  report.at(statement, 1, wrong("VIPD003", `persistence_granularity ${text} is not ${expected}`, `write ${expected}`));
  return undefined;
}

export function quorumOf(
  block: Statement,
  name: string,
  total: number,
  hasServers: boolean,
  report: Report,
): { readonly quorum: number; readonly hysteresis: number } {
  const statement = find(block, "quorum");
  let quorum = numberIn(block, "quorum");
  if (total === 0 && hasServers) {
    const message = `the servers of ${name} have weight 0 together: it never reaches its quorum of ${quorum}`;
    report.at(statement ?? block, 1, doubtful("VIPD015", message, "give at least one server a weight above 0"));
    return { quorum, hysteresis: 0 };
  }
  if (statement !== undefined && quorum > total && total > 0) {
    report.at(
      statement,
      1,
      doubtful(
        "VIPD015",
        `quorum ${quorum} of ${name} can never be reached: all weights together are ${total}, which is taken`,
        `write quorum ${total} or less`,
      ),
    );
    quorum = total;
  }
  const hysteresis = numberIn(block, "hysteresis");
  if (hysteresis < quorum) return { quorum, hysteresis };
  report.at(
    find(block, "hysteresis") ?? block,
    1,
    doubtful("VIPD015", `hysteresis ${hysteresis} is not below the quorum of ${quorum}`, `write at most ${quorum - 1}`),
  );
  return { quorum, hysteresis: quorum - 1 };
}
