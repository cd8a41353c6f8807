/**
 * The sysctl promote_secondaries of the links that we put addresses on: with it, deleting the first address of a subnet leaves the others. It is
 * switched on where it was off, and off again at the end.
 */
import { readFileSync, writeFileSync } from "node:fs";

export type Promotion = {
  /** Switches it on. @returns what went wrong, in words */
  ensure(link: string): string | undefined;
  /** Whether it is in force. */
  inForce(link: string): boolean;
  /** As it was. */
  restore(): void;
};

/**
 * @param change false: only look, change nothing
 * @param switched is told of each link whose setting was off
 */
export function openPromotion(change: boolean, switched: (link: string) => void = () => {}): Promotion {
  const switchedOn = new Set<string>();
  const known = new Map<string, boolean>();

  function inForce(link: string): boolean {
    let state = known.get(link);
    if (state === undefined) {
      state = isOn("all") || isOn(link);
      known.set(link, state);
    }
    return state;
  }

  return {
    inForce,
    ensure(link) {
      known.delete(link); // a link that came back has the default again
      if (inForce(link) || !change) return undefined;
      try {
        writeFileSync(fileOf(link), "1");
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
        if (code === "ENOENT") return undefined; // no such link: asked again when it appears
        return `Cannot set promote_secondaries of ${link}: ${code}; removing an address may take others of its subnet along for a moment`;
      }
      switchedOn.add(link);
      switched(link);
      known.set(link, true);
      return undefined;
    },
    restore() {
      stopPromoting([...switchedOn]);
      switchedOn.clear();
      known.clear();
    },
  };
}

/** Those of the links that are there and on which it is not in force. */
export function linksWithoutPromotion(links: readonly string[]): readonly string[] {
  return isOn("all") ? [] : links.filter((link) => read(link) === "0");
}

/** Off again, where it is known to have been. */
export function stopPromoting(links: readonly string[]): void {
  for (const link of links) {
    try {
      writeFileSync(fileOf(link), "0");
    } catch {
      // the link is gone, and its setting with it
    }
  }
}

function isOn(link: string): boolean {
  const state = read(link);
  return state !== undefined && state !== "0";
}

function read(link: string): string | undefined {
  try {
    return readFileSync(fileOf(link), "latin1").trim();
  } catch {
    return undefined;
  }
}

/** A dot in the name of a link (`eth0.5`) is a file name like any other here. */
function fileOf(link: string): string {
  return `/proc/sys/net/ipv4/conf/${link}/promote_secondaries`;
}
