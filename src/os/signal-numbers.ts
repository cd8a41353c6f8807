/** glibc's realtime signals, and those of them to which keepalived gave a meaning (behaviour 89). */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

export const realtimeSignals = { json: SIGRTMIN + 2, clearStats: SIGRTMAX - 1 } as const;

/** Those that programs send to keepalived; each would end Node, even with a listener. */
export const sentSignals: readonly number[] = [SIGRTMIN, SIGRTMIN + 1, SIGRTMIN + 2, SIGRTMAX - 1, SIGRTMAX];
