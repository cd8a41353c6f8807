/**
 * The journal: the keys of everything that vipd may have created in the kernel. It is written before a configuration is handed out, so
 * that whatever a crash leaves behind is known to be ours and can be taken away: at the next start, by `vipd sweep`, or by vipd itself
 * when the vrrp process cannot be kept alive. Only vipd writes it.
 */
import { type AddressKey, addressKey } from "../base/address-key.ts";
import type { Config } from "../config/config.ts";
import { causeAndRemedy } from "../os/remedies.ts";

export type Keys = {
  readonly addresses: readonly AddressKey[];
  /** Keys of virtual services (`ipvs/settings.ts`). */
  readonly services: readonly string[];
  /** Links whose promote_secondaries was off before we switched it on. */
  readonly promoted?: readonly string[] | undefined;
  /** The network namespace that all of it is in; undefined = that of whoever reads this. */
  readonly namespace?: string | undefined;
  /** The one that virtual services are in, where it is another; empty = that of whoever reads this. */
  readonly ipvsNamespace?: string | undefined;
};

export const NO_KEYS: Keys = { addresses: [], services: [] };

export type JournalFile = { readonly path: string; read(): string | undefined; write(text: string): void };

export type Journal = {
  ours(): Keys;
  /** Adds `keys`, and takes their namespace over. They are on disk when this returns. @throws {Error} if they cannot be written; then nothing may be created */
  claim(keys: Keys): void;
  /** Forgets everything else: what is no longer wanted has been removed. */
  keep(keys: Keys): void;
  /** An address that stood before us and is the owner's: never to be removed. */
  disown(address: AddressKey): void;
};

/** @param warn is told of a journal that cannot be understood; it is then taken for empty */
export function openJournal(file: JournalFile, warn: (reason: string) => void): Journal {
  let keys = parseJournal(file.read() ?? "");
  if (keys === undefined) {
    warn(`The journal ${file.path} cannot be understood; what an earlier run left in the kernel is not known`);
    keys = NO_KEYS;
  }
  const disowned = new Set<AddressKey>();
  let current: Keys = keys;

  function store(next: Keys): void {
    const wanted = { ...next, addresses: next.addresses.filter((key) => !disowned.has(key)) };
    const text = formatJournal(wanted);
    if (text === formatJournal(current)) return;
    try {
      file.write(text);
    } catch (error) {
      const why = causeAndRemedy(error, "name another folder with --run-dir");
      throw new Error(`Cannot write the journal ${file.path}: ${why}`, { cause: error });
    }
    current = wanted;
  }

  return {
    ours: () => current,
    claim: (more) => store(union(current, more)),
    keep: (those) => store(intersection(current, those)),
    disown(address) {
      disowned.add(address);
      store(current);
    },
  };
}

/** Everything that this configuration may create. */
export function keysOf(config: Config): Keys {
  const addresses = config.vrrp.routers.flatMap(({ addresses: advertised, excluded }) =>
    [...advertised, ...excluded].map((one) => addressKey(one.link, one.ip, one.length)),
  );
  return { addresses: [...new Set(addresses)], services: config.services.map((service) => service.key) };
}

/** The links that carry addresses. */
export function carriersOf(config: Config): readonly string[] {
  const addresses = config.vrrp.routers.flatMap((router) => [...router.addresses, ...router.excluded]);
  return [...new Set(addresses.map(({ link }) => link))];
}

export function union(a: Keys, b: Keys): Keys {
  return {
    addresses: [...new Set([...a.addresses, ...b.addresses])],
    services: [...new Set([...a.services, ...b.services])],
    ...promotedOf([...new Set([...(a.promoted ?? []), ...(b.promoted ?? [])])]),
    ...(b.namespace === undefined ? {} : { namespace: b.namespace }),
    ...(b.ipvsNamespace === undefined ? {} : { ipvsNamespace: b.ipvsNamespace }),
  };
}

function intersection(a: Keys, b: Keys): Keys {
  const wanted = { addresses: new Set(b.addresses), services: new Set(b.services) };
  return {
    ...a,
    addresses: a.addresses.filter((key) => wanted.addresses.has(key)),
    services: a.services.filter((key) => wanted.services.has(key)),
    promoted: undefined,
    ...promotedOf((a.promoted ?? []).filter((link) => b.promoted?.includes(link) === true)),
  };
}

function promotedOf(promoted: readonly string[]): Pick<Keys, "promoted"> {
  return promoted.length === 0 ? {} : { promoted };
}

function formatJournal(keys: Keys): string {
  return `${JSON.stringify({ version: 1, ...keys })}\n`;
}

/** @returns undefined for what no version of vipd has written; an empty text is an empty journal */
export function parseJournal(text: string): Keys | undefined {
  if (text === "") return NO_KEYS;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { addresses, services, promoted, namespace, ipvsNamespace } = value as Readonly<Record<string, unknown>>;
    if (!isTexts(addresses) || !isTexts(services)) return undefined;
    return {
      addresses,
      services,
      ...(isTexts(promoted) ? promotedOf(promoted) : {}),
      ...(typeof namespace === "string" ? { namespace } : {}),
      ...(typeof ipvsNamespace === "string" ? { ipvsNamespace } : {}),
    };
  } catch {
    return undefined;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
