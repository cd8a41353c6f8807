/** The door of this room to a table: the kernel's (`os/ipvs.ts`), or one that is only written down (`daemon/ipvs/dry-run.ts`). */
import type { Op } from "./plan.ts";
import type { IpvsGlobalSettings } from "./settings.ts";
import type { Destination, Service } from "./table.ts";

export type IpvsTimeouts = NonNullable<IpvsGlobalSettings["timeouts"]>;

export type IpvsIo = {
  /** Makes sure that there is an IPVS to speak to, as far as it can; again after any failure. @throws {Error} how to get it */
  open(): Promise<void>;
  services(): readonly Service[];
  destinations(service: Service): readonly Destination[];
  /** In order; a refused one does not stop the others. @returns for each why it was refused, undefined = done */
  perform(ops: readonly Op[]): readonly (string | undefined)[];
  setTimeouts(timeouts: IpvsTimeouts): void;
  close(): void;
};
