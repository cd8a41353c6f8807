/** What to change, computed in full before anything is done. */
import {
  type Destination,
  destinationKey,
  type Row,
  type Service,
  sameDestination,
  sameService,
  type Table,
} from "./table.ts";

export type Op = ServiceOp | DestinationOp;
export type ServiceOp = {
  readonly op: "addService" | "setService" | "deleteService";
  readonly key: string;
  readonly service: Service;
};
export type DestinationOp = {
  readonly op: "addDestination" | "setDestination" | "deleteDestination";
  /** Of the service. */
  readonly key: string;
  readonly service: Service;
  readonly destination: Destination;
};

/**
 * The operations that turn `actual` into `desired`. Only services of `ours` may go; one that is neither wanted nor ours is not
 * touched, nor are its servers. Adds come first, so that no reload drops traffic.
 */
export function plan(desired: Table, actual: Table, ours: ReadonlySet<string>): readonly Op[] {
  const ops: Op[] = [];
  for (const [key, row] of desired) ops.push(...planRow(key, row, actual.get(key)));
  for (const [key, row] of actual) {
    if (!desired.has(key) && ours.has(key)) ops.push({ op: "deleteService", key, service: row.service });
  }
  return ops;
}

/** The same for one service that is wanted: new servers before the old ones go. */
export function planRow(key: string, wanted: Row, actual: Row | undefined): readonly Op[] {
  const { service } = wanted;
  const ops: Op[] = [];
  if (actual === undefined) ops.push({ op: "addService", key, service });
  else if (!sameService(service, actual.service)) ops.push({ op: "setService", key, service });
  for (const [server, destination] of wanted.destinations) {
    const now = actual?.destinations.get(server);
    if (now === undefined) ops.push({ op: "addDestination", key, service, destination });
    else if (!sameDestination(destination, now)) ops.push({ op: "setDestination", key, service, destination });
  }
  for (const [server, destination] of actual?.destinations ?? []) {
    if (!wanted.destinations.has(server)) ops.push({ op: "deleteDestination", key, service, destination });
  }
  return ops;
}

/** A table that operations are done on: what the kernel holds as far as known, or all there is in a dry run. */
export type MutableTable = Map<string, { service: Service; destinations: Map<string, Destination> }>;

/** Does what the kernel does. */
export function perform(table: MutableTable, op: Op): void {
  const row = table.get(op.key);
  switch (op.op) {
    case "addService":
    case "setService":
      if (row === undefined) table.set(op.key, { service: op.service, destinations: new Map() });
      else row.service = op.service;
      return;
    case "deleteService":
      table.delete(op.key);
      return;
    case "addDestination":
    case "setDestination":
      row?.destinations.set(destinationKey(op.destination), op.destination);
      return;
    case "deleteDestination":
      row?.destinations.delete(destinationKey(op.destination));
      return;
  }
}
