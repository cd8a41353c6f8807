/** Makes measurements where it is started, in namespaces of the host or in a guest: `node worker.ts RESULTS REQUEST`; each result is a line of RESULTS. */
import { appendFileSync } from "node:fs";
import type { DaemonName } from "./daemons.ts";
import { DAEMONS } from "./daemons.ts";
import type { Extent, Figures } from "./figures.ts";
import { MEASUREMENTS, type MeasurementName } from "./measurements.ts";

export type Request = { readonly measurements: readonly MeasurementName[]; readonly extent: Extent };

export type Result = { readonly measurement: MeasurementName; readonly daemon: DaemonName } & (
  | { readonly figures: Figures }
  | { readonly problem: string }
);

if (import.meta.main) {
  const [results = "", text = ""] = process.argv.slice(2);
  const request = JSON.parse(text) as Request;
  for (const measurement of request.measurements) {
    for (const daemon of DAEMONS)
      appendFileSync(results, `${JSON.stringify(await make(measurement, daemon, request.extent))}\n`);
  }
  process.exit(0);
}

async function make(measurement: MeasurementName, daemon: DaemonName, extent: Extent): Promise<Result> {
  try {
    const figures = await MEASUREMENTS[measurement].measure(daemon, extent);
    console.log(`${measurement} ${daemon} ${JSON.stringify(figures)}`);
    return { measurement, daemon, figures };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    console.log(`${measurement} ${daemon}: ${problem}`);
    return { measurement, daemon, problem };
  }
}
