/**
 * The table of IPVS and the checkers change over as one: what the table says of a server is where its checks begin. IPVS is left alone
 * until somebody needs it, and the checkers are started when it is written: until then nothing waits for them, and a machine may have one
 * processor.
 */
import type { VirtualServices } from "./ipvs.ts";
import type { CheckersRole } from "./roles.ts";
import type { Participant } from "./two-phases.ts";

type Phases = Pick<Participant, "prepare" | "commit" | "abandon">;
type Table = Phases & Pick<VirtualServices, "open">;
type Checkers = Phases & Pick<CheckersRole, "begin">;

/** @param leftOver whether an earlier run left services in the table */
export function createBalancing(services: Table, checkers: Checkers, leftOver: () => boolean): Participant {
  let opened: Promise<void> | undefined;
  let starting = true;
  return {
    name: "checkers",
    async prepare(config, generation) {
      const first = starting;
      starting = false;
      if (config.services.length > 0 || leftOver()) opened ??= services.open(config);
      await opened;
      const refused = await services.prepare(config, generation);
      if (first && opened !== undefined && refused === undefined) await services.commit();
      if (first) await checkers.begin();
      return refused ?? (await checkers.prepare(config, generation));
    },
    async commit() {
      await Promise.all([checkers.commit(), ...(opened === undefined ? [] : [services.commit()])]);
    },
    abandon() {
      services.abandon();
      checkers.abandon();
    },
  };
}
