/** The signals of behaviour 89. The realtime ones would end Node even with a listener: the addon takes them. */
import { onSignal } from "dgram-ext";
import { takeSignals } from "../os/role-process.ts";
import { realtimeSignals, sentSignals } from "../os/signal-numbers.ts";

export type SignalHandlers = {
  readonly stop: (signal: string) => void;
  readonly reload: () => void;
  readonly dumpData: () => void;
  readonly dumpStats: () => void;
  readonly dumpJson: () => void;
  readonly clearStats: () => void;
};

/** What came before the program was loaded is done now. */
export function handleSignals(handlers: SignalHandlers, ignoreInterrupt: boolean): void {
  const byName: Readonly<Partial<Record<NodeJS.Signals, () => void>>> = {
    SIGTERM: () => handlers.stop("SIGTERM"),
    SIGINT: ignoreInterrupt ? () => {} : () => handlers.stop("SIGINT"),
    SIGHUP: handlers.reload,
    SIGUSR1: handlers.dumpData,
    SIGUSR2: handlers.dumpStats,
    SIGPIPE: () => {},
  };
  for (const [name, handle] of Object.entries(byName)) process.on(name, handle);
  function onRealtime(signal: number): void {
    if (signal === realtimeSignals.json) handlers.dumpJson();
    else if (signal === realtimeSignals.clearStats) handlers.clearStats();
  }
  const { early, hearsRealtime } = takeSignals(onRealtime);
  if (!hearsRealtime) onSignal(sentSignals, onRealtime);
  for (const signal of early) {
    if (typeof signal === "number") onRealtime(signal);
    else byName[signal]?.();
  }
}
