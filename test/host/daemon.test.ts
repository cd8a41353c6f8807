/** The daemon for real, in a network namespace: starting, stopping, reloading, dying, and what it says about each. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openSocket } from "dgram-ext";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Status } from "../../src/daemon/status.ts";
import { createLab, type Lab, type LabNode, type Lan } from "../lab/net.ts";
import type { Process } from "../lab/process.ts";
import { type Vipd, vipdOn } from "./vipd.ts";

const VIP = "10.0.0.9/24";

let lab: Lab;
let lan: Lan;
let node: LabNode;
let vipd: Vipd;
let running: Process[] = [];

beforeAll(async () => {
  lab = await createLab();
  lan = await lab.lan("front");
  node = await lab.node("a");
  await node.attach(lan, { addresses: ["10.0.0.1/24"] });
  vipd = await vipdOn(node);
}, 60_000);

afterEach(async () => {
  for (const process of running.splice(0)) await process.stop();
  await node.kill();
  await node.wipeRun();
  await node.shell(`ip address del ${VIP} dev eth0 2>/dev/null; rm -rf ${vipd.stateDir}; true`);
});

afterAll(async () => await lab?.close());

/** Owner of the address: master as soon as it has started. */
const instance = (more = "") => `
vrrp_instance VI_1 {
  interface eth0
  state MASTER
  virtual_router_id 51
  priority 255
  advert_int 1
  virtual_ipaddress { ${VIP} }
  ${more}
}
`;

async function up(
  text: string,
  options: readonly string[] = [],
  env?: Readonly<Record<string, string>>,
): Promise<Process> {
  await vipd.configure(text);
  const process = await vipd.up(options, env);
  running.push(process);
  return process;
}

async function status(): Promise<Status> {
  return JSON.parse((await vipd.run("status", "--json")).stdout);
}

async function addresses(): Promise<string> {
  return (await node.run(["ip", "-o", "-4", "address", "show", "dev", "eth0"])).stdout;
}

async function files(): Promise<readonly string[]> {
  return (await node.run(["ls", "/run/vipd"])).stdout.split("\n").filter((name) => name !== "");
}

async function gone(pid: number): Promise<void> {
  await expect.poll(async () => (await node.pids()).includes(pid), { timeout: 5000 }).toBe(false);
}

describe("a start and a stop", () => {
  test("it takes the address, says so, and leaves nothing behind", async () => {
    const process = await up(instance());
    await process.line(/vrrp\.transition instance=VI_1 .*to=MASTER/);
    await expect.poll(addresses).toContain("10.0.0.9/24");
    expect(await files()).toEqual([
      "checkers.pid",
      "control-admin.sock",
      "control.sock",
      "journal.json",
      "vipd.pid",
      "vrrp.pid",
    ]);
    const at = await status();
    expect(at).toMatchObject({ state: "running", pid: process.pid, config: { generation: 1 } });
    expect(at.vrrp?.routers).toMatchObject([{ name: "VI_1", state: "MASTER" }]);
    expect(at.processes.map(({ name, state }) => [name, state])).toEqual([
      ["vrrp", "ready"],
      ["checkers", "ready"],
    ]);
    process.signal("SIGTERM");
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(process.output()).toMatch(/vrrp\.transition instance=VI_1 from=MASTER to=STOP/);
    expect(await addresses()).not.toContain("10.0.0.9");
    expect(await files()).toEqual(["journal.json", "vipd.pid"]);
    expect(await node.pids()).toEqual([]);
  });

  test("status for people names the instance, its state and its address", async () => {
    await up(instance());
    const { stdout, code } = await vipd.run("status");
    expect(code).toBe(0);
    expect(stdout).toMatch(/VI_1 +MASTER +.* eth0 +51 +255 +this node/);
    expect(stdout).toContain("10.0.0.9/24 on eth0");
  });

  test("told to stop while it still reads the file, it begins nothing", async () => {
    const began = join(node.folder, "began");
    const script = await node.write("begin.sh", `#!/bin/sh\ntouch ${began}\n`);
    await node.run(["chmod", "755", script]);
    const comments = "# a line that takes its time to be read ~ $\n".repeat(200_000);
    await vipd.configure(`global_defs {\n startup_script ${script} root\n}\n${comments}${instance()}`);
    const process = vipd.start();
    running.push(process);
    await process.line(/daemon\.start/);
    const vrrp = (await node.pids()).find((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("vrrp.js"));
    globalThis.process.kill(vrrp ?? 0, "SIGSTOP"); // so that the stop takes longer than the file
    process.signal("SIGTERM");
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(await addresses()).not.toContain("10.0.0.9/24");
    expect((await node.run(["ls", began], { check: false })).code).not.toBe(0);
  });

  test("vipd stop waits for the end", async () => {
    const process = await up(instance());
    expect((await vipd.run("stop")).code).toBe(0);
    expect(await node.pids()).toEqual([]);
    expect(await process.exited).toEqual({ code: 0, signal: null });
  });

  test("a second SIGTERM hurries", async () => {
    const process = await up(`
      vrrp_instance VI_1 { interface eth0
        state MASTER
        virtual_router_id 51
        priority 255
        virtual_ipaddress { ${VIP} }
        notify_stop "/bin/sleep 30"
      }`);
    process.signal("SIGTERM");
    await process.line(/to=STOP/);
    const before = performance.now();
    process.signal("SIGTERM");
    expect(await process.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - before).toBeLessThan(2500);
    expect(process.output()).toMatch(/script\.failed .*sleep 30/);
  });

  test("notify_stop runs to its end before vipd ends", async () => {
    const proof = join(node.folder, "stopped");
    const script = await node.write("stop.sh", `#!/bin/sh\nsleep 0.3\necho done > ${proof}\n`, 0o755);
    const process = await up(instance(`notify_stop ${script}`));
    process.signal("SIGTERM");
    await process.exited;
    expect(readFileSync(proof, "utf8")).toBe("done\n");
  });

  test("the control sockets: one for the group to read, one for root to change", async () => {
    await up(instance());
    const { stdout } = await node.run([
      "stat",
      "-c",
      "%a %n",
      "/run/vipd/control.sock",
      "/run/vipd/control-admin.sock",
      "/run/vipd/journal.json",
    ]);
    expect(stdout).toBe("660 /run/vipd/control.sock\n600 /run/vipd/control-admin.sock\n600 /run/vipd/journal.json\n");
    expect((await vipd.run("log", "0")).stdout).toMatch(/^1 .*daemon\.start/);
  });
});

describe("a start that cannot be", () => {
  /** Nobody is shown a stack trace for what a person can cause. */
  function expectNoTrace(text: string): void {
    expect(text).not.toMatch(/\n\s+at /);
  }

  test("a second vipd is refused by name of the first", async () => {
    const first = await up(instance());
    const { code, stderr } = await vipd.run("-f", join(node.folder, "vipd.conf"));
    expect(code).toBe(1);
    expect(stderr).toContain(
      `vipd is already running: pid ${first.pid} holds /run/vipd/vipd.pid; stop it with "vipd stop"`,
    );
    expectNoTrace(stderr);
    expect(await addresses()).toContain("10.0.0.9");
  });

  test("a second vipd with a run folder of its own is refused, too; a dry run is not", async () => {
    const first = await up(instance());
    const file = join(node.folder, "vipd.conf");
    const folders = ["--run-dir", "/run/other", "--state-dir", join(node.folder, "other")];
    const { code, stderr } = await node.run([...vipd.argv, "-f", file, ...folders], { check: false });
    expect(code).toBe(1);
    expect(stderr).toContain(`another vipd works in this network namespace (pid ${first.pid})`);
    expectNoTrace(stderr);
    const dry = node.start([...vipd.argv, "-l", "-f", file, ...folders, "--dry-run"]);
    running.push(dry);
    await dry.line(/daemon\.ready/);
    expect(await addresses()).toContain("10.0.0.9");
    await first.stop();
    await up(instance()); // beside the dry run
  });

  test("keepalived in the same network is named; a dry run starts beside it and changes nothing", async () => {
    const script = await node.write("keepalived", "#!/bin/sh\nwhile sleep 1; do :; done\n", 0o755);
    const other = node.start([script]);
    running.push(other);
    await vipd.configure(instance());
    const refused = await vipd.run("-f", join(node.folder, "vipd.conf"));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      new RegExp(`keepalived runs in this network namespace \\(pid ${other.pid}: .*${script}\\)`),
    );
    expectNoTrace(refused.stderr);
    const changes = join(node.folder, "changes");
    const process = await up(instance(), ["--dry-run", "--dry-run-log", changes]);
    await process.line(/to=MASTER/);
    await expect.poll(() => readFileSync(changes, "utf8")).toMatch(/^\d{19} - add 10\.0\.0\.9\/24 on eth0$/m);
    expect(await addresses()).not.toContain("10.0.0.9");
  });

  test("a missing file", async () => {
    const { code, stderr } = await vipd.run("-l", "-f", "/nowhere.conf");
    expect(code).toBe(2);
    expect(stderr).toMatch(/\/nowhere\.conf.*does not exist/);
    expectNoTrace(stderr);
  });

  test("a broken file: the whole list, with line and remedy", async () => {
    const file = await vipd.configure(
      "vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 300\n  priority x\n}\n",
    );
    const { code, stderr } = await vipd.run("-l", "-f", file);
    expect(code).toBe(2);
    expect(stderr).toMatch(/vipd\.conf:3:\d+: .*300/);
    expect(stderr).toMatch(/vipd\.conf:4:\d+: .*x/);
    expectNoTrace(stderr);
  });

  test("no privilege: which, and what to do", async () => {
    const file = await vipd.configure(instance());
    const { code, stderr } = await node.run(
      [
        "setpriv",
        "--bounding-set=-net_admin,-net_raw",
        "--inh-caps=-net_admin,-net_raw",
        ...vipd.argv,
        "-f",
        file,
        ...vipd.folders,
      ],
      { check: false },
    );
    expect(code).toBe(4);
    expect(stderr).toContain("Cannot run without CAP_NET_ADMIN and CAP_NET_RAW: start vipd as root, or with --dry-run");
    expectNoTrace(stderr);
  });

  test("a run folder that cannot be made", async () => {
    const { code, stderr } = await vipd.run("-f", "/x", "--run-dir", "/proc/vipd");
    expect(code).toBe(4);
    expect(stderr).toContain("Cannot make the folder /proc/vipd: ENOENT");
    expectNoTrace(stderr);
  });

  test("a network namespace that does not exist", async () => {
    const file = await vipd.configure(instance());
    const { code, stderr } = await vipd.run("-l", "-f", file, "-s", "nowhere");
    expect(code).toBe(1);
    expect(stderr).toContain(
      'Cannot enter the network namespace nowhere: ENOENT; create it with "ip netns add nowhere"',
    );
    expectNoTrace(stderr);
  });

  test("a mistyped option and a mistyped command", async () => {
    expect(await vipd.run("--log-detial")).toMatchObject({
      code: 1,
      stderr: 'vipd: unknown option --log-detial; did you mean --log-detail?\nTry "vipd --help"\n',
    });
    expect(await vipd.run("relaod")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('did you mean "vipd reload"?'),
    });
  });

  test("commands without a vipd say so", async () => {
    for (const command of ["status", "reload", "stop", "log"]) {
      const { code, stderr } = await vipd.run(command);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^vipd does not run here: there is no \/run\/vipd\/control/);
    }
  });
});

describe("what is not ready on the machine is waited for", () => {
  test("an unknown interface puts its instance in FAULT with the reason, and the rest works", async () => {
    await up(`${instance()}
      vrrp_instance VI_2 {
        interface eth9
        virtual_router_id 52
        priority 100
        virtual_ipaddress { 10.9.0.9/24 }
      }`);
    const { vrrp } = await status();
    expect(vrrp?.routers.map(({ name, state }) => [name, state])).toEqual([
      ["VI_1", "MASTER"],
      ["VI_2", "FAULT"],
    ]);
    expect(vrrp?.routers[1]?.reason).toContain("eth9");
  });

  test("a script that cannot be run: FAULT, with what is wrong with it", async () => {
    const process = await up(`
      vrrp_script chk {
        script "/nowhere/chk"
        interval 1
      }
      vrrp_instance VI_1 {
        interface eth0
        virtual_router_id 51
        priority 100
        virtual_ipaddress { ${VIP} }
        track_script { chk }
      }`);
    await process.line(/tracker kind=script name=chk .*to=down reason="there is no program \/nowhere\/chk/);
    await expect.poll(async () => (await status()).vrrp?.routers[0]?.state).toBe("FAULT");
  });
});

describe("a reload", () => {
  test("changes what changed, by HUP and by command, and prints it", async () => {
    const process = await up(instance());
    await vipd.configure(instance("garp_master_repeat 2"));
    const { code, stdout } = await vipd.run("reload");
    expect(code).toBe(0);
    expect(stdout).toMatch(/generation 2/);
    expect(stdout).toMatch(/instance VI_1 changed: gratuitous ARP/);
    await vipd.configure(instance("garp_master_repeat 3"));
    process.signal("SIGHUP");
    await process.line(/config\.loaded .*generation=3/);
    expect(await addresses()).toContain("10.0.0.9");
  });

  test("of a broken file is refused, says why everywhere, and changes nothing", async () => {
    const process = await up(instance());
    await vipd.configure("vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 300\n}\n");
    const { code, stderr } = await vipd.run("reload");
    expect(code).toBe(1);
    expect(stderr).toMatch(/The reload is refused; nothing was changed\n.*vipd\.conf:3:/);
    expect(process.output()).toMatch(/config\.refused .*vipd\.conf:3:/);
    const { config } = await status();
    expect(config).toMatchObject({ generation: 1, refused: { problems: [expect.stringContaining("vipd.conf:3:")] } });
    expect(await addresses()).toContain("10.0.0.9");
    await vipd.configure(instance());
    expect((await vipd.run("reload")).code).toBe(0);
    expect((await status()).config?.refused).toBeUndefined();
  });

  test("a start with a broken file falls back to the last good one, loudly; --strict does not", async () => {
    const first = await up(instance());
    await first.stop();
    const file = await vipd.configure("vrrp_instance VI_1 {\n");
    const strict = await vipd.run("-l", "-f", file, "--strict");
    expect(strict.code).toBe(2);
    const second = await vipd.up();
    running.push(second);
    expect(second.output()).toMatch(/config\.fallback .*lastGood=.*last-good\.conf/);
    await expect.poll(addresses).toContain("10.0.0.9");
    expect((await vipd.run("status")).stdout).toContain("THE FILE IS BROKEN");
  });

  test("the control socket does not show passwords, and the last good file is for root alone", async () => {
    await up(instance("authentication {\n auth_type PASS\n auth_pass geheim42\n }"));
    const { stdout } = await node.run(["stat", "-c", "%a", join(vipd.stateDir, "last-good.conf")]);
    expect(stdout).toBe("600\n");
    const client = `require("http").get({socketPath:"/run/vipd/control.sock",path:process.argv[1]},(r)=>r.pipe(process.stdout))`;
    for (const path of ["/config", "/status", "/events?since=0"]) {
      const answer = await node.run([vipd.argv[0] ?? "", "-e", client, path]);
      expect(answer.stdout).toContain('"at":');
      expect(answer.stdout).not.toContain("geheim42");
    }
  });
});

describe("deaths", () => {
  test("the vrrp process is started again at once and the address is back", async () => {
    const process = await up(instance());
    await expect.poll(addresses).toContain("10.0.0.9");
    const { vrrp } = await vipd.pids();
    await node.run(["kill", "-9", String(vrrp)]);
    await process.line(/process\.exit process=vrrp .*signal SIGKILL.* restart="0 ms"/);
    await process.line(/process\.start process=vrrp .*restarts=1/);
    await expect.poll(addresses, { timeout: 5000 }).toContain("10.0.0.9");
    expect((await vipd.pids()).vrrp).not.toBe(vrrp);
  });

  test("the death of the vrrp process of a lone master is no gap: the address stays, the next advert is in time", async () => {
    const process = await up(
      instance().replace("priority 255", "priority 100").replace("state MASTER", "state BACKUP"),
    );
    await process.line(/to=MASTER/);
    await expect.poll(addresses).toContain("10.0.0.9");
    const wire = await lan.capture();
    const changes = node.start(["ip", "-4", "monitor", "address"]);
    const { vrrp } = await vipd.pids();
    await node.run(["kill", "-9", String(vrrp)]);
    await process.line(/from=INIT to=MASTER reason="goes on: /);
    await expect.poll(() => wire.adverts().length, { timeout: 5000 }).toBeGreaterThanOrEqual(3);
    const times = wire.adverts().map(({ atMs }) => atMs);
    for (const [at, time] of times.slice(1).entries()) expect(time - (times[at] ?? 0)).toBeLessThan(3000);
    expect(wire.adverts().filter(({ priority }) => priority === 0)).toEqual([]);
    expect(changes.output()).not.toContain("10.0.0.9");
    await changes.stop();
    await wire.stop();
  });

  test("a vrrp process that cannot be kept alive costs the addresses, not the other node's service", async () => {
    const process = await up(instance());
    await expect.poll(addresses).toContain("10.0.0.9");
    for (let death = 1; death <= 5; death++) {
      await process.line(new RegExp(`process\\.start process=vrrp .*restarts=${death - 1}\\b`));
      const { vrrp } = await vipd.pids();
      await node.run(["kill", "-9", String(vrrp)]);
    }
    await process.line(/the vrrp process cannot be kept running/);
    expect(await addresses()).not.toContain("10.0.0.9");
    await process.line(/process\.start process=vrrp .*restarts=5\b/, { timeoutMs: 5000 });
    await expect.poll(addresses, { timeout: 5000 }).toContain("10.0.0.9");
  });

  test("when vipd is killed, its children hand over and end", async () => {
    await up(instance());
    await expect.poll(addresses).toContain("10.0.0.9");
    const { vipd: parent, vrrp, checkers } = await vipd.pids();
    running = [];
    await node.run(["kill", "-9", String(parent)]);
    await gone(vrrp);
    await gone(checkers);
    expect(await addresses()).not.toContain("10.0.0.9");
  });

  test("what a kill of everything leaves is swept by the command, and what is foreign stays", async () => {
    await up(instance());
    await expect.poll(addresses).toContain("10.0.0.9");
    await node.run(["ip", "address", "add", "10.0.0.77/24", "dev", "eth0"]);
    running = [];
    await node.kill();
    expect(await addresses()).toContain("10.0.0.9");
    const { code, stdout } = await vipd.run("sweep");
    expect(code).toBe(0);
    expect(stdout.split("\n")[0]).toBe("removed eth0 10.0.0.9/24");
    expect(await addresses()).not.toContain("10.0.0.9");
    expect(await addresses()).toContain("10.0.0.77");
    expect((await vipd.run("sweep")).stdout).toBe("nothing is left to remove\n");
    await node.run(["ip", "address", "del", "10.0.0.77/24", "dev", "eth0"]);
  });

  test("promote_secondaries is off again after a kill of everything: by the command, and by the next run's end", async () => {
    const setting = async () =>
      (await node.run(["cat", "/proc/sys/net/ipv4/conf/eth0/promote_secondaries"])).stdout.trim();
    await node.sysctl("net.ipv4.conf.all.promote_secondaries", 0);
    await node.sysctl("net.ipv4.conf.eth0.promote_secondaries", 0);
    const killed = async () => {
      await up(instance());
      await expect.poll(addresses).toContain("10.0.0.9");
      running = [];
      await node.kill();
      expect(await setting()).toBe("1");
    };
    await killed();
    expect((await vipd.run("sweep")).stdout).toContain("switched promote_secondaries of eth0 off again\n");
    expect(await setting()).toBe("0");
    await killed();
    const process = await up(instance());
    process.signal("SIGTERM");
    await process.exited;
    running = [];
    expect(await setting()).toBe("0");
    expect((await vipd.run("sweep")).stdout).toBe("nothing is left to remove\n");
  });

  test("sweep leaves a running vipd alone", async () => {
    const process = await up(instance());
    const { code, stderr } = await vipd.run("sweep");
    expect([code, stderr]).toEqual([
      1,
      `vipd runs (pid ${process.pid}) and keeps what it made in order itself; stop it with "vipd stop"\n`,
    ]);
  });

  test("with -R the end of a process is the end of vipd", async () => {
    const process = await up(instance(), ["-R"]);
    const { checkers } = await vipd.pids();
    await node.run(["kill", "-9", String(checkers)]);
    expect(await process.exited).toEqual({ code: 1, signal: null });
    expect(await addresses()).not.toContain("10.0.0.9");
  });

  test("the log's reader goes away: vipd goes on", async () => {
    await vipd.configure(instance());
    const command = [...vipd.argv, "-l", "-D", "-f", join(node.folder, "vipd.conf"), ...vipd.folders].join(" ");
    running.push(node.start(["sh", "-c", `${command} | head -n 1`]));
    await expect.poll(addresses, { timeout: 10_000 }).toContain("10.0.0.9");
    for (let reload = 0; reload < 3; reload++) expect((await vipd.run("reload")).code).toBe(0);
    expect((await vipd.run("stop")).code).toBe(0);
  });
});

describe("signals", () => {
  test.each(["vipd", "vrrp", "checkers"] as const)(
    "none of those sent to keepalived ends %s, nor opens a debugger",
    async (name) => {
      const process = await up(instance(), [], { TMPDIR: node.folder });
      const pids = await vipd.pids();
      for (const signal of ["USR1", "USR2", "34", "35", "36", "63", "64", "HUP", "PIPE"]) {
        await node.run(["kill", `-${signal}`, String(pids[name])]);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await vipd.pids()).toEqual(pids);
      expect((await node.run(["cat", "/proc/net/tcp", "/proc/net/tcp6"])).stdout).not.toMatch(/:240D /);
      expect((await status()).state).toBe("running");
      expect(process.output()).not.toMatch(/process\.exit/);
    },
  );

  test("SIGRTMIN+2 and SIGRTMAX-1 before the program is loaded wait until it is", async () => {
    const preload = await node.write(
      "early.mjs",
      `// the last thing that the launcher does before it loads the program
      Object.defineProperty(globalThis, "vipd", { configurable: true, set(value) {
        Object.defineProperty(globalThis, "vipd", { value });
        for (const signal of [63, 36]) process.kill(process.pid, signal);
      } });`,
    );
    await node.shell("rm -f /run/early/keepalived.json; mkdir -p /run/early");
    const env = { NODE_OPTIONS: `--import=${preload}`, TMPDIR: "/run/early" };
    const process = await up(instance(), [], env);
    await process.line(/statistics are not cleared/);
    await process.line(/wrote \/run\/early\/keepalived\.json/);
  });

  test("the processes have their names, where people look for them", async () => {
    await up(instance());
    const pids = await vipd.pids();
    const cmdline = async (pid: number) =>
      (await node.run(["cat", `/proc/${pid}/cmdline`])).stdout.replaceAll("\0", "");
    expect(await cmdline(pids.vipd)).toBe("vipd");
    expect(await cmdline(pids.vrrp)).toBe("vipd: vrrp");
    expect(await cmdline(pids.checkers)).toBe("vipd: checkers");
  });

  test("USR1, USR2 and SIGRTMIN+2 leave their files where exporters look", async () => {
    const process = await up(instance(), [], { TMPDIR: node.folder });
    await expect.poll(async () => (await status()).vrrp?.routers[0]?.addresses[0]?.present).toBe(true);
    for (const signal of ["USR1", "USR2", "36"]) await node.run(["kill", `-${signal}`, String(process.pid)]);
    for (const name of ["data", "stats", "json"]) await process.line(new RegExp(`wrote .*keepalived\\.${name}`));
    const [entry] = JSON.parse(readFileSync(join(node.folder, "keepalived.json"), "utf8"));
    expect(entry).toMatchObject({ data: { iname: "VI_1", state: 2, vrid: 51 }, stats: { become_master: 1 } });
    expect(readFileSync(join(node.folder, "keepalived.data"), "utf8")).toMatch(
      / VRRP Instance = VI_1\n[\s\S]* {3}State = MASTER\n[\s\S]* {5}10\.0\.0\.9\/24 dev eth0 scope global set\n/,
    );
    expect(readFileSync(join(node.folder, "keepalived.stats"), "utf8")).toMatch(
      /VRRP Instance: VI_1[\s\S]*Became master: 1/,
    );
  });

  test("INT stops, unless it is to be ignored", async () => {
    const first = await up(instance(), ["--ignore-sigint"]);
    first.signal("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await status()).state).toBe("running");
    await first.stop();
    const second = await up(instance());
    second.signal("SIGINT");
    expect(await second.exited).toEqual({ code: 0, signal: null });
  });
});

describe("systemd", () => {
  test("is told of readiness, reloads, life and the end", async () => {
    const path = join(node.folder, "notify");
    using socket = openSocket({ domain: "unix", type: "datagram" });
    socket.bind({ family: "unix", path });
    const heard: string[] = [];
    socket.onReadable(() => {
      for (let one = socket.receive(); one !== undefined; one = socket.receive()) heard.push(one.data.toString());
    });
    const process = await up(instance(), [], { NOTIFY_SOCKET: path, WATCHDOG_USEC: "4000000" });
    await expect.poll(() => heard.join()).toContain("READY=1");
    expect(heard.join()).toContain("STATUS=1 instances, 0 virtual servers by ");
    await expect.poll(() => heard, { timeout: 5000 }).toContain("WATCHDOG=1");
    heard.length = 0;
    await vipd.run("reload");
    await expect.poll(() => heard.filter((one) => one !== "WATCHDOG=1")).toHaveLength(2);
    const [reloading, ready] = heard.filter((one) => one !== "WATCHDOG=1");
    expect(reloading).toMatch(/^RELOADING=1\nMONOTONIC_USEC=\d+$/);
    expect(ready).toMatch(/^READY=1/);
    await process.stop();
    await expect.poll(() => heard).toContain("STOPPING=1");
  });
});
