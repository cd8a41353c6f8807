/** TCP_CHECK: whoever accepts the connection is up. */
import { type Attempt, failureOf, targetOf } from "./probe.ts";
import type { ConnectionSettings } from "./settings.ts";

export function tcpAttempt(connection: ConnectionSettings): Attempt {
  const target = targetOf(connection);
  return async (io, signal) => {
    try {
      using _connection = await io.connect(target, signal);
      return CONNECTED;
    } catch (error) {
      return failureOf(error, signal, connection);
    }
  };
}

const CONNECTED = { up: true, why: "connected" } as const;
