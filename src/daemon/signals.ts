/** The signals of behaviour 89. The realtime ones would end Node even with a listener: the addon takes them. */
import { onSignal } from "dgram-ext";

/** glibc's numbers. */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** keepalived's names for `--signum`. */
export const SIGNALS: Readonly<Record<string, number>> = {
  STOP: 15,
  RELOAD: 1,
  DATA: 10,
  STATS: 12,
  STATS_CLEAR: SIGRTMAX - 1,
  JSON: SIGRTMIN + 2,
};

export type SignalHandlers = {
  readonly stop: (signal: string) => void;
  readonly reload: () => void;
  readonly dumpData: () => void;
  readonly dumpStats: () => void;
  readonly dumpJson: () => void;
  readonly clearStats: () => void;
};

/** @param early what came before anybody could listen */
export function handleSignals(
  handlers: SignalHandlers,
  ignoreInterrupt: boolean,
  early: readonly NodeJS.Signals[],
): void {
  const byName: Readonly<Partial<Record<NodeJS.Signals, () => void>>> = {
    SIGTERM: () => handlers.stop("SIGTERM"),
    SIGINT: ignoreInterrupt ? () => {} : () => handlers.stop("SIGINT"),
    SIGHUP: handlers.reload,
    SIGUSR1: handlers.dumpData,
    SIGUSR2: handlers.dumpStats,
    SIGPIPE: () => {},
  };
  for (const [name, handle] of Object.entries(byName)) process.on(name, handle);
  onSignal([SIGRTMIN, SIGRTMIN + 1, SIGRTMIN + 2, SIGRTMAX - 1, SIGRTMAX], (signal) => {
    if (signal === SIGRTMIN + 2) handlers.dumpJson();
    else if (signal === SIGRTMAX - 1) handlers.clearStats();
  });
  for (const name of early) byName[name]?.();
}
