/** The `authentication` block of an instance: PASS, for VRRP version 2. */
import type { RouterSettings } from "../vrrp/settings.ts";
import { find, textOf } from "./access.ts";
import { doubtful, type Report, warning } from "./problems.ts";
import type { Statement } from "./statement.ts";

const PASSWORD_BYTES = 8;

/** AH leaves the whole instance out elsewhere; here it means no password. */
export function authenticationOf(
  name: string,
  block: Statement,
  version: 2 | 3,
  strict: boolean,
  report: Report,
): RouterSettings["authentication"] {
  const authentication = find(block, "authentication");
  if (authentication === undefined) return { type: "none" };
  if (version === 3 || strict) {
    const why = version === 3 ? "VRRP version 3 has no authentication" : "strict mode allows no authentication";
    report.at(authentication, 0, doubtful("VIPD015", `${name}: ${why}; the block has no effect`, "remove the block"));
    return { type: "none" };
  }
  const type = textOf(authentication, "auth_type");
  const password = textOf(authentication, "auth_pass");
  if (password === undefined || type === undefined) {
    const missing = type === undefined ? "auth_type" : "auth_pass";
    if ((authentication.body ?? []).some(({ words }) => words[0] === missing)) return { type: "none" }; // wrongly: that is told
    const told = type === undefined ? warning : doubtful; // of a missing type keepalived says nothing
    report.at(
      authentication,
      0,
      told("VIPD012", `${name}: authentication without ${missing} has no effect`, `add ${missing}`),
    );
    return { type: "none" };
  }
  if (type !== "PASS") {
    const state = find(block, "state");
    if (state?.value === "MASTER")
      report.at(
        state,
        1,
        doubtful("VIPD015", `${name}: with AH an instance cannot start as MASTER`, "write state BACKUP"),
      );
    return { type: "none" };
  }
  return { type: "pass", password: shortened(authentication, password, report) };
}

/** Eight bytes stand in the packet. The message never quotes the password. */
function shortened(authentication: Statement, password: string, report: Report): string {
  const bytes = new TextEncoder().encode(password);
  if (bytes.length <= PASSWORD_BYTES) return password;
  const at = find(authentication, "auth_pass") ?? authentication;
  report.at(
    at,
    1,
    doubtful(
      "VIPD015",
      `auth_pass has ${bytes.length} characters; the first ${PASSWORD_BYTES} count`,
      "write at most 8 characters",
    ),
  );
  return Buffer.from(bytes.subarray(0, PASSWORD_BYTES)).toString("latin1");
}
