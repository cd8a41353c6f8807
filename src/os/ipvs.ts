/** The kernel's IPVS table, over generic netlink. */
import { execFile } from "node:child_process";
import {
  type Change,
  deleteDestination,
  deleteService,
  type Ipvs,
  IpvsMissingError,
  newDestination,
  newService,
  openIpvs,
  setDestination,
  setService,
  setTimeouts,
} from "netlink/ipvs";
import type { Ip } from "../base/address.ts";
import type { IpvsIo } from "../ipvs/io.ts";
import type { Op } from "../ipvs/plan.ts";
import type { Destination, Service } from "../ipvs/table.ts";
import { inNetwork } from "./in-network.ts";

/** Speaks to the table of the network namespace in which it is opened. @param network path of another one */
export function createKernelTable(network: () => string | undefined = () => undefined): IpvsIo {
  let ipvs: Ipvs | undefined;

  function opened(): Ipvs {
    ipvs ??= inNetwork(network(), openIpvs);
    return ipvs;
  }

  return {
    async open() {
      try {
        opened();
      } catch (error) {
        if (!(error instanceof IpvsMissingError)) throw error;
        await loadModule();
        opened();
      }
    },
    services: () => opened().services().map(serviceOf),
    destinations: ({ id }) => opened().destinations(id).map(destinationOf),
    perform: (ops) => performAll(opened(), ops),
    setTimeouts: (timeouts) => opened().perform(setTimeouts(timeouts)),
    close() {
      ipvs?.close();
      ipvs = undefined;
    },
  };
}

/** The kernel does not load it by itself. Where there is no module, or no modprobe, the next attempt says so. */
function loadModule(): Promise<void> {
  return new Promise((resolve) => {
    execFile("modprobe", ["ip_vs"], { timeout: 5000 }, () => resolve());
  });
}

/** Addresses come from the kernel in canonical text, as `Ip` has them. */
function serviceOf(service: ReturnType<Ipvs["services"]>[number]): Service {
  const { scheduler, flags, timeoutSeconds, netmask, pe } = service;
  return { id: service.id as Service["id"], scheduler, flags, timeoutSeconds, netmask, pe };
}

function destinationOf(status: ReturnType<Ipvs["destinations"]>[number]): Destination {
  const { ip, port, weight, forwarding, upperThreshold, lowerThreshold } = status;
  return { ip: ip as Ip, port, weight, forwarding, upperThreshold, lowerThreshold };
}

/** Who changes the table beside us makes an addition a change, or a deletion needless: that is no error. */
function performAll(ipvs: Ipvs, ops: readonly Op[]): readonly (string | undefined)[] {
  const outcomes = ipvs.performAll(ops.values().map(changeOf));
  return outcomes.map((outcome, index) => {
    const op = ops[index];
    if (outcome === undefined || op === undefined) return undefined;
    const isGone = outcome.code === "ESRCH" || outcome.code === "ENOENT";
    if (isGone && (op.op === "deleteService" || op.op === "deleteDestination")) return undefined;
    const instead = otherWay(op, outcome.code);
    return instead === undefined ? outcome.message : ipvs.performAll([changeOf(instead)])[0]?.message;
  });
}

function otherWay(op: Op, code: string): Op | undefined {
  if (op.op === "addService" && code === "EEXIST") return { ...op, op: "setService" };
  if (op.op === "addDestination" && code === "EEXIST") return { ...op, op: "setDestination" };
  if (op.op === "setService" && code === "ESRCH") return { ...op, op: "addService" };
  if (op.op === "setDestination" && code === "ENOENT") return { ...op, op: "addDestination" };
  return undefined;
}

function changeOf(op: Op): Change {
  switch (op.op) {
    case "addService":
      return newService(op.service);
    case "setService":
      return setService(op.service);
    case "deleteService":
      return deleteService(op.service.id);
    case "addDestination":
      return newDestination(op.service.id, op.destination);
    case "setDestination":
      return setDestination(op.service.id, op.destination);
    case "deleteDestination":
      return deleteDestination(op.service.id, op.destination);
  }
}
