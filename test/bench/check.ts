/** `vipd check` and `keepalived -t` of files with 10 to 100,000 real servers: time from exec to exit, and memory. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { DaemonName } from "./daemons.ts";
import { type Figures, medianOf } from "./figures.ts";

const DIST = process.env["VIPD_BENCH_DIST"] ?? resolve(import.meta.dirname, "../../dist");
const SIZES = { small: 10, medium: 10_000, large: 50_000, huge: 100_000 } as const;

/** @returns small, medium, large, huge: ms (median); mediumMb …: the most memory, MB; growth: huge over medium, which is ten times the file */
export async function measureConfigCheck(daemon: DaemonName, times: number): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), "vipd-bench-check-"));
  try {
    const figures: Record<string, number> = {};
    for (const [name, servers] of Object.entries(SIZES)) {
      const file = join(folder, `${name}.conf`);
      await writeFile(file, fileWith(servers));
      const runs = [];
      for (let i = 0; i < times; i++) runs.push(await run(daemon, file));
      figures[name] = medianOf(runs.map(({ ms }) => ms));
      figures[`${name}Mb`] = Math.max(...runs.map(({ mb }) => mb));
    }
    const { small = 0, medium = 0, huge = 0 } = figures;
    // a start takes its time however small the file is
    return { ...figures, growth: (huge - small) / (medium - small) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A hundred servers a service, as keepalived's own large files look: 1.7 MB for 10,000. */
export function fileWith(servers: number): string {
  const lines = ["global_defs {", "    router_id bench", "}"];
  for (let i = 0; i < servers; i++) {
    if (i % 100 === 0) {
      if (i > 0) lines.push("}");
      lines.push(`virtual_server 10.${i >> 16}.${(i >> 8) & 255}.${i & 255} 80 {`);
      lines.push("    delay_loop 10", "    lb_algo rr", "    lb_kind NAT", "    protocol TCP");
    }
    lines.push(`    real_server 172.${16 + (i >> 16)}.${(i >> 8) & 255}.${i & 255} 8080 {`, "        weight 1");
    lines.push("        TCP_CHECK {", "            connect_timeout 3", "            retry 2");
    lines.push("            delay_before_retry 1", "        }", "    }");
  }
  return `${[...lines, "}"].join("\n")}\n`;
}

/** `wait4` has no door in Node: the kernel's own high-water mark is read from /proc until the process is gone. */
function run(daemon: DaemonName, file: string): Promise<{ readonly ms: number; readonly mb: number }> {
  const argv =
    daemon === "vipd"
      ? [process.execPath, join(DIST, "vipd.js"), "check", "--brief", file]
      : ["keepalived", "-t", "-f", file];
  const [command = "", ...args] = argv;
  const began = performance.now();
  const child = spawn(command, args, { stdio: "ignore" });
  let mb = 0;
  const watch = async () => {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
    mb = Math.max(mb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  };
  const timer = setInterval(watch, 20);
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("exit", (code, signal) => {
      clearInterval(timer);
      if (code === 0) done({ ms: performance.now() - began, mb });
      else failed(new Error(`${command} ended with ${code ?? signal} on ${file}`));
    });
  });
}
