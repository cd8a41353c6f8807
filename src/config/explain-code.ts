/** What a code means, shown on its example as a machine with eth0 at 192.0.2.2/24 sees it. */
import { ip } from "../base/address.ts";
import { failure, success } from "../base/result.ts";
import { codeExamples } from "./code-examples.ts";
import type { Problem } from "./config.ts";
import { loadConfig } from "./load.ts";
import type { MachineView } from "./machine.ts";
import type { NetworkView } from "./meaning/view.ts";
import type { Code } from "./problems.ts";

export type ShownCode = { readonly text: string; readonly problem: Problem };

/** The example of a code with the first problem of it. @throws {RangeError} if there is none: our bug */
export function showCode(code: Code): ShownCode {
  const path = "/etc/keepalived/keepalived.conf";
  const text = codeExamples[code];
  const files = {
    read: (wanted: string) =>
      wanted === path ? success(text) : failure({ kind: "missing" as const, reason: "does not exist" }),
    glob: () => [],
  };
  const { problems } = loadConfig(files, path, {
    configId: "lb1",
    tolerant: false,
    environment: () => undefined,
    random: () => 0,
    hostName: "lb1",
    userName: "root",
    view,
  });
  const problem = problems.find((one) => one.code === code);
  if (problem === undefined) throw new RangeError(`the example of ${code} does not show it`);
  return { text, problem };
}

const view: MachineView & NetworkView = {
  hasInterface: (name) => name === "eth0",
  hasUser: (name) => name === "root",
  hasGroup: (name) => name === "root",
  searchPath: ["/usr/bin"],
  entry: (path) => {
    if (path === "/usr/bin/true" || path === "/usr/bin/pgrep") return { kind: "file", uid: 0, mode: 0o755 };
    return ["/", "/usr", "/usr/bin", "/usr/local", "/usr/local/bin"].includes(path)
      ? { kind: "folder", uid: 0, mode: 0o755 }
      : undefined;
  },
  addressesOf: (device) => (device === "eth0" ? [{ ip: ip("192.0.2.2"), length: 24 }] : []),
  latenessMs: () => 15,
};
