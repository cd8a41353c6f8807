/**
 * A table that is written down instead of changed: one line an operation, `<unix ns> <genl command number> <text>` (decisions 12).
 * It begins as the kernel's table is, where there is one, and from then on believes itself.
 */
import type { IpvsIo } from "../../ipvs/io.ts";
import { type MutableTable, perform } from "../../ipvs/plan.ts";
import { commandOf, describeOp, SET_TIMEOUTS_COMMAND } from "../../ipvs/report.ts";
import { destinationKey, serviceKey } from "../../ipvs/table.ts";

export type DryRunDeps = {
  /** Writes lines, each ended by a line feed. */
  readonly write: (lines: string) => void;
  /** Milliseconds since 1970, with fractions. */
  readonly wall: () => number;
  /** Only ever read, and only once; it need not work. */
  readonly kernel: IpvsIo | undefined;
};

export function createDryRunTable(deps: DryRunDeps): IpvsIo {
  let table: MutableTable | undefined;

  function line(command: number, text: string): string {
    return `${nanoseconds(deps.wall())} ${command} ${text}\n`;
  }

  return {
    async open() {
      table ??= await copyOf(deps.kernel);
    },
    services: () => Array.from(table?.values() ?? [], ({ service }) => service),
    destinations: ({ id }) => [...(table?.get(serviceKey(id))?.destinations.values() ?? [])],
    perform(ops) {
      let lines = "";
      for (const op of ops) {
        lines += line(commandOf(op), describeOp(op));
        if (table !== undefined) perform(table, op);
      }
      deps.write(lines);
      return new Array<undefined>(ops.length).fill(undefined);
    },
    setTimeouts({ tcpSeconds, tcpFinSeconds, udpSeconds }) {
      const text = `set timeouts tcp ${tcpSeconds} s, tcpfin ${tcpFinSeconds} s, udp ${udpSeconds} s`;
      deps.write(line(SET_TIMEOUTS_COMMAND, text));
    },
    close() {},
  };
}

async function copyOf(kernel: IpvsIo | undefined): Promise<MutableTable> {
  const table: MutableTable = new Map();
  try {
    await kernel?.open();
    for (const service of kernel?.services() ?? []) {
      const destinations = kernel?.destinations(service) ?? [];
      table.set(serviceKey(service.id), {
        service,
        destinations: new Map(destinations.map((one) => [destinationKey(one), one])),
      });
    }
  } catch {
    // A dry run needs no IPVS: the table is then as empty as that of a machine that has just loaded it.
    table.clear();
  } finally {
    kernel?.close();
  }
  return table;
}

/** As text: a number cannot hold it. */
function nanoseconds(wallMs: number): string {
  const whole = Math.floor(wallMs);
  return `${whole}${String(Math.floor((wallMs - whole) * 1e6)).padStart(6, "0")}`;
}
