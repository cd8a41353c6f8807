/** What a code means, shown on its example as a machine with eth0 at 192.0.2.2/24 sees it. */
import { ip } from "../base/address.ts";
import { failure, success } from "../base/result.ts";
import { codeExamples } from "./code-examples.ts";
import type { Problem } from "./config.ts";
import { loadConfig } from "./load.ts";
import type { MachineView } from "./machine.ts";
import type { NetworkView } from "./meaning/view.ts";
import type { Code } from "./problems.ts";
import type { PathEntry } from "./script-path.ts";

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
  networkNamespace: () => "missing",
  hasInterface: (name) => name === "eth0",
  hasUser: (name) => name === "root" || name === "haproxy",
  hasGroup: (name) => name === "root",
  searchPath: ["/usr/bin"],
  entry: (path) => entries[path],
  addressesOf: (device) => (device === "eth0" ? [{ ip: ip("192.0.2.2"), length: 24 }] : []),
  latenessMs: () => 15,
};

const folder = { kind: "folder", uid: 0, mode: 0o755 } as const;
const program = { kind: "file", uid: 0, mode: 0o755 } as const;
const entries: Readonly<Record<string, PathEntry>> = {
  "/": folder,
  "/usr": folder,
  "/usr/bin": folder,
  "/usr/local": folder,
  "/usr/local/bin": folder,
  "/bin": { kind: "link", uid: 0, mode: 0o777, target: "usr/bin" },
  "/root": { ...folder, mode: 0o700 },
  "/root/check.sh": program,
  "/usr/bin/true": program,
  "/usr/bin/pgrep": program,
};
