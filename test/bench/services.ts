/** Configurations with many real servers, and the one program that answers for all of them on loopback. */
import { join, resolve } from "node:path";
import type { LabNode } from "../lab/net.ts";
import type { Process } from "../lab/process.ts";

const NODE = join(resolve(import.meta.dirname, "../.."), "node_modules/.bin/node");

export type Services = {
  readonly services: number;
  readonly serversEach: number;
  readonly probe: "TCP_CHECK" | "HTTP_GET";
  /** delay_loop, s */
  readonly everySeconds: number;
  /** Port of server number `index`. */
  readonly port: (index: number) => number;
  readonly weight: (index: number) => number;
};

/** Every real server has an address of its own in 127.1.0.0/16, as in life: else the ports of one address would run out. */
export function serverAddress(index: number): string {
  return `127.1.${index >> 8}.${index & 255}`;
}

export function serviceAddress(index: number): string {
  return `10.200.${index >> 8}.${index & 255}`;
}

export function virtualServers(options: Services): string {
  return Array.from({ length: options.services }, (_, service) => virtualServer(service, options)).join("");
}

function virtualServer(service: number, options: Services): string {
  const { serversEach, everySeconds, probe, port, weight } = options;
  const servers = Array.from({ length: serversEach }, (_, at) => service * serversEach + at);
  const url =
    probe === "HTTP_GET"
      ? "            url {\n                path /\n                status_code 200\n            }\n"
      : "";
  const texts = servers.map(
    (index) => `    real_server ${serverAddress(index)} ${port(index)} {
        weight ${weight(index)}
        ${probe} {
${url}            connect_timeout 3
            retry 1
            delay_before_retry 1
        }
    }
`,
  );
  return `virtual_server ${serviceAddress(service)} 80 {
    delay_loop ${everySeconds}
    lb_algo rr
    lb_kind NAT
    protocol TCP
${texts.join("")}}
`;
}

export type Answerer = {
  readonly process: Process;
  /** Connections so far. */
  count(): Promise<number>;
};

/** Real servers: whatever connects to the port is accepted, and a request gets a page. */
export async function startAnswerer(node: LabNode, port: number): Promise<Answerer> {
  const process = node.start([NODE, join(import.meta.dirname, "answer.ts"), String(port)]);
  await process.line(/^listening$/, { timeoutMs: 30_000 });
  return {
    process,
    async count() {
      const from = process.lines.length;
      process.say("count");
      const { text } = await process.line(/^\d+$/, { from });
      return Number(text);
    },
  };
}
