/** CPU of the whole daemon for one health check, at a thousand a second, beyond what it uses without checks. */
import { join } from "node:path";
import { createLab } from "../lab/net.ts";
import { cpuMs, type DaemonName, processTree, startDaemon } from "./daemons.ts";
import { type Figures, sleep } from "./figures.ts";
import { type Services, startAnswerer, virtualServers } from "./services.ts";

const PORT = 8080;
const SERVICES = { services: 100, serversEach: 10, port: () => PORT, weight: () => 1 };

export async function measureCheckCost(daemon: DaemonName, probe: Services["probe"], forMs: number): Promise<Figures> {
  const idle = await run(daemon, { ...SERVICES, probe, everySeconds: 3600 }, Math.min(forMs, 5000));
  const { checks, cpu } = await run(daemon, { ...SERVICES, probe, everySeconds: 1 }, forMs);
  return {
    micros: ((cpu - idle.cpu) * 1e6) / checks,
    perSecond: checks,
    idlePercent: idle.cpu * 100,
  };
}

/** Per second of the span: checks, and seconds of CPU. */
async function run(
  daemon: DaemonName,
  services: Services,
  forMs: number,
): Promise<{ readonly checks: number; readonly cpu: number }> {
  await using lab = await createLab();
  const node = await lab.node("checker");
  const servers = await startAnswerer(node, PORT);
  const config = await node.write("bench.conf", virtualServers(services));
  const { process } = await startDaemon(daemon, node, config, { ipvsLog: join(node.folder, "ipvs.log") });
  await sleep(4000);
  const take = async () => ({
    checks: await servers.count(),
    cpu: cpuMs(processTree(process.pid)) / 1000,
    at: performance.now() / 1000,
  });
  const before = await take();
  await sleep(forMs);
  const after = await take();
  const seconds = after.at - before.at;
  return { checks: (after.checks - before.checks) / seconds, cpu: (after.cpu - before.cpu) / seconds };
}
