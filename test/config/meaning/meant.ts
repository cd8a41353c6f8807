/** What there is to say about the meaning of a text, in short. */
import type { Prefix } from "../../../src/base/address.ts";
import { ip } from "../../../src/base/address.ts";
import type { MachineView } from "../../../src/config/machine.ts";
import { meaningCodes } from "../../../src/config/meaning/codes.ts";
import { load } from "../load.ts";

/** `line CODE`, all that are not about the language. */
export function codesIn(text: string, view?: MachineView): readonly string[] {
  return meant(text, view).map(({ line, code }) => `${line} ${code}`);
}

/** `line:column level message`, of one code. */
export function sayings(code: string, text: string, view?: MachineView): readonly string[] {
  return meant(text, view)
    .filter((problem) => problem.code === code)
    .map(({ line, column, level, message }) => `${line}:${column} ${level} ${message}`);
}

function meant(text: string, view: MachineView | undefined) {
  const { problems } = load(text, view === undefined ? {} : { view });
  return problems.filter(({ code }) => code in meaningCodes);
}

/** A machine with these addresses (`eth0: ["192.0.2.1/24"]`), every account and every script. */
export function machineWith(
  addresses: Readonly<Record<string, readonly string[]>>,
  latenessMs?: number,
): MachineView & { measured: number } {
  const view = {
    measured: 0,
    hasInterface: (name: string) => name in addresses,
    hasUser: () => true,
    hasGroup: () => true,
    entry: () => ({ kind: "file", uid: 0, mode: 0o755 }) as const,
    searchPath: ["/usr/bin"],
    addressesOf: (name: string) => (addresses[name] ?? []).map(prefix),
    latenessMs() {
      view.measured++;
      return latenessMs;
    },
  };
  return view;
}

function prefix(text: string): Prefix {
  const [address = "", length = ""] = text.split("/");
  return { ip: ip(address), length: Number(length) };
}

/** An instance of its own: name, VRID, and lines; the virtual addresses each on a line of their own. */
export function router(
  name: string,
  vrid: number,
  addresses: readonly string[] = ["192.0.2.9/24"],
  ...lines: readonly string[]
): string {
  return [
    `vrrp_instance ${name} {`,
    " interface eth0",
    ` virtual_router_id ${vrid}`,
    " virtual_ipaddress {",
    ...addresses.map((address) => `  ${address}`),
    " }",
    ...lines.map((line) => ` ${line}`),
    "}",
    "",
  ].join("\n");
}

/** A service with servers, each a line `ADDRESS PORT` and perhaps more lines after it. */
export function balanced(lines: readonly string[], servers: readonly string[], address = "192.0.2.1 80"): string {
  return [
    `virtual_server ${address} {`,
    ...(lines.some((line) => line.startsWith("protocol")) || address.startsWith("fwmark") ? [] : [" protocol TCP"]),
    ...(lines.some((line) => line.startsWith("lb_algo")) ? [] : [" lb_algo wlc"]),
    " lb_kind NAT",
    ...lines.map((line) => ` ${line}`),
    ...servers.map((server) => ` real_server ${server}`),
    "}",
    "",
  ].join("\n");
}

/** What stands in braces behind `ADDRESS PORT`. */
export function server(address: string, ...lines: readonly string[]): string {
  return `${address} {\n${[...lines, "TCP_CHECK {", "}"].map((line) => `  ${line}\n`).join("")} }`;
}
