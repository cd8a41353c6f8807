/** The C side: its functions as they are, and where its file is found. Results below zero are negative errnos. */

import { constants } from "node:os";
import { join } from "node:path";
import process from "node:process";

declare const brand: unique symbol;
/** A descriptor that the addon watches and closes. */
export type Handle = { readonly [brand]: "handle" };

/** A socket address in four arguments; see `addressArguments`. */
export type AddressArguments = readonly [
  family: number,
  address: string | Uint8Array | undefined,
  a: number,
  b: number,
];

export type Native = {
  /** What `receive` and `localAddress` leave behind (layout: `RECEIVED` in address.ts), then the bytes. */
  readonly memory: ArrayBuffer;
  watch(handle: Handle, fn: ((value: number) => void) | null, writable: boolean): number;
  reference(handle: Handle, keepsLoopAlive: boolean): void;
  close(handle: Handle): void;
  /** The number, or -1 after close. */
  descriptor(handle: Handle): number;
  openSocket(domain: number, type: number, protocol: number): Handle | number;
  bind(handle: Handle, ...address: AddressArguments): number;
  connect(handle: Handle, ...address: AddressArguments): number;
  setOption(handle: Handle, level: number, name: number, value: number | Uint8Array): number;
  getOption(handle: Handle, level: number, name: number, length: number): Buffer | number;
  attachFilter(handle: Handle, program: Uint8Array): number;
  send(
    handle: Handle,
    data: Uint8Array,
    flags: number,
    family: number,
    address: string | Uint8Array | undefined,
    a: number,
    b: number,
    source: string | undefined,
    ifindex: number,
  ): number;
  receive(handle: Handle, maxBytes: number): number;
  wait(handle: Handle, writable: boolean, timeoutMs: number): number;
  localAddress(handle: Handle): number;
  parseIp(text: string): Buffer | undefined;
  ipv6Text(offset: number): string;
  interfaceIndex(name: string): number;
  interfaceName(index: number): string | undefined;
  openStream(domain: number, type: number): Handle | number;
  release(handle: Handle): number;
  closeDescriptor(fd: number): number;
  openTimer(): Handle | number;
  armTimer(handle: Handle, atMs: number): number;
  boottimeMs(): number;
  realtimeMs(): number;
  requestAsync(
    handle: Handle,
    data: Uint8Array,
    acks: number,
    timeoutMs: number,
    fn: (error: number, replies: readonly Buffer[]) => void,
  ): number;
  openSignals(): Handle | number;
  addSignal(handle: Handle, signal: number): number;
  setRealtime(priority: number, allThreads: boolean): number;
  setNice(value: number): number;
  setLimit(resource: number, soft: number, hard: number): number;
  setParentDeathSignal(signal: number): number;
  setProcessName(name: string): number;
  trimMemory(): boolean;
  lockFile(path: string): number;
  writeFile(fd: number, data: Uint8Array): number;
  makeFifo(path: string, mode: number): number;
  errorText(errno: number): readonly [name: string, description: string];
  dropPrivileges(
    uid: number,
    gid: number,
    groups: readonly number[],
    keep: readonly number[],
    noNewPrivileges: boolean,
  ): number;
  capabilities(): readonly [low: number, high: number] | number;
  enterNamespace(path: string, mount: boolean): number;
};

/** `dgram_ext.node` lies beside this file, and beside a bundle that contains it. */
function load(): Native {
  const file = join(import.meta.dirname, "dgram_ext.node");
  const target = { exports: {} };
  try {
    process.dlopen(target, file, constants.dlopen.RTLD_NOW);
  } catch (cause) {
    throw new Error(`Cannot load ${file}: build it with native/dgram-ext/build.sh, or copy it beside the bundle`, {
      cause,
    });
  }
  return target.exports as Native;
}

export const native: Native = load();
