/** `NAT | DR | TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum]` */
import type { Forwarding } from "../ipvs/settings.ts";
import { nearest, type Report, wrong } from "./problems.ts";
import type { Statement } from "./statement.ts";

type Tunnel = Extract<Forwarding, { readonly method: "TUN" }>;

const plain: Readonly<Record<string, Forwarding>> = { NAT: { method: "NAT" }, DR: { method: "DR" } };

const FORKS: ReadonlySet<string> = new Set(["FNAT", "SNAT"]);

export function forwardingOf(statement: Statement, report: Report): Forwarding | undefined {
  const method = statement.words[1] ?? "";
  if (method === "TUN") return tunnelOf(statement, report);
  const known = plain[method];
  if (known !== undefined && statement.words.length === 2) return known;
  if (known === undefined && FORKS.has(method.toUpperCase())) {
    const message = `${statement.words[0]} ${method} belongs to a fork of keepalived (dpvs, or an FNAT kernel)`;
    report.at(statement, 1, wrong("VIPD020", message, "write NAT, DR or TUN"));
    return undefined;
  }
  if (known === undefined) {
    const near = nearest(method, ["NAT", "DR", "TUN"]);
    report.at(
      statement,
      1,
      wrong(
        "VIPD003",
        `${statement.words[0]} ${method} is none of NAT, DR, TUN`,
        near === undefined ? "write NAT, DR or TUN" : `did you mean ${near}?`,
      ),
    );
    return undefined;
  }
  report.at(statement, 2, wrong("VIPD004", `${method} takes no more words`, "only TUN has options"));
  return known;
}

function tunnelOf(statement: Statement, report: Report): Tunnel {
  let tunnel: Tunnel = { method: "TUN", tunnel: "ipip", port: 0, checksum: "nocsum" };
  const { words } = statement;
  for (let i = 2; i < words.length; i++) {
    const word = words[i] ?? "";
    const next = words[i + 1] ?? "";
    if (word === "type" && (next === "ipip" || next === "gue" || next === "gre")) tunnel = { ...tunnel, tunnel: next };
    else if (word === "port" && /^\d+$/.test(next) && Number(next) >= 1 && Number(next) <= 65535)
      tunnel = { ...tunnel, port: Number(next) };
    else if (word === "nocsum" || word === "csum" || word === "remcsum") {
      tunnel = { ...tunnel, checksum: word };
      continue;
    } else {
      report.at(
        statement,
        i,
        wrong(
          "VIPD003",
          `unknown option of TUN: ${words.slice(i, i + 2).join(" ")}`,
          "write type ipip|gue|gre, port N, nocsum, csum or remcsum",
        ),
      );
      return tunnel;
    }
    i++;
  }
  if (tunnel.tunnel === "gue" && tunnel.port === 0)
    report.at(statement, 1, wrong("VIPD012", "a gue tunnel has no port", "write TUN type gue port N"));
  return tunnel;
}
