/** The realtime signals to which keepalived gave a meaning (behaviour 89), and those that programs send to it. */
import { SIGNAL } from "dgram-ext/constants";

export const realtimeSignals = { json: SIGNAL.RTMIN + 2, clearStats: SIGNAL.RTMAX - 1 } as const;

/** Each of them would end Node, even with a listener. */
export const sentSignals: readonly number[] = [
  SIGNAL.RTMIN,
  SIGNAL.RTMIN + 1,
  SIGNAL.RTMIN + 2,
  SIGNAL.RTMAX - 1,
  SIGNAL.RTMAX,
];
