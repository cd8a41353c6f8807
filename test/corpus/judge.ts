/**
 * What Debian's keepalived says to configurations: `keepalived -t` over many texts, in one network namespace that has the interfaces
 * they name. Needs root and the lab's packages (`test/lab/setup.sh packages`); nothing of the machine is touched.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../.cache/lab/root");

export type Text = {
  readonly name: string;
  readonly text: string;
  /** As what node it is read (`-i`); absent: as the host, whose name is `HOST`. */
  readonly configId?: string;
};
export type Verdict = {
  readonly file: string;
  readonly configId?: string;
  readonly exit: number;
  readonly messages: string;
};

/** The name of the host that judges, and so the config-id of texts that are read as no other node. */
export const HOST = "director";

/** Whether this machine can ask keepalived. */
export function canJudge(): boolean {
  return (
    existsSync(join(ROOT, "usr/sbin/keepalived")) && spawnSync("unshare", ["--net", "--mount", "true"]).status === 0
  );
}

/** @param interfaces what the namespace has besides lo, and so have those that a text enters */
export function judge(texts: readonly Text[], interfaces: ReadonlySet<string>): readonly Verdict[] {
  const folder = mkdtempSync(join(tmpdir(), "vipd-judge-"));
  try {
    for (const [at, { text }] of texts.entries()) writeFileSync(join(folder, `${at}.conf`), text, { mode: 0o644 });
    const script = `
      hostname ${HOST}
      mount -t tmpfs none /run && mkdir -p /run/netns /run/keepalived
      furnish() {
        $1 ip link set lo up
        at=0
        for name in $INTERFACES; do $1 ip link add "$name" type veth peer name "peer$at" && at=$((at + 1)); done
      }
      furnish ""
      for netns in $NAMESPACES; do ip netns add "$netns" && furnish "ip netns exec $netns"; done
      while read -r at id; do
        timeout 10 keepalived -t -f ${folder}/$at.conf $id >/dev/null 2>${folder}/$at.said </dev/null
        echo $? >${folder}/$at.exit
      done <${folder}/list`;
    const ids = texts.map(({ configId }, at) => (configId === undefined ? `${at}` : `${at} --config-id=${configId}`));
    writeFileSync(join(folder, "list"), `${ids.join("\n")}\n`);
    const env = {
      PATH: `${ROOT}/usr/sbin:${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`,
      LD_LIBRARY_PATH: `${ROOT}/usr/lib/x86_64-linux-gnu`,
      INTERFACES: [...interfaces].join(" "),
      NAMESPACES: [...new Set(texts.flatMap(({ text }) => namespacesIn(text)))].join(" "),
      HOME: "/root",
    };
    const run = spawnSync("unshare", ["--net", "--mount", "--uts", "sh", "-c", script], {
      env,
      cwd: folder,
      encoding: "utf8",
    });
    if (run.status !== 0) throw new Error(`Cannot run keepalived: ${run.stderr}`);
    return texts.map(({ name, configId }, at) => ({
      file: name,
      ...(configId === undefined ? {} : { configId }),
      exit: Number(readFileSync(join(folder, `${at}.exit`), "utf8")),
      messages: distinct(readFileSync(join(folder, `${at}.said`), "utf8"), folder, at, name),
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function distinct(said: string, folder: string, at: number, name: string): string {
  const lines = said
    .split("\n")
    .map((line) => line.replaceAll(`${folder}/${at}.conf`, name).trim())
    .filter((line) => line !== "");
  return [...new Set(lines)].join(" | ");
}

/** The interfaces that a text names, as far as one sees without reading it as a configuration. */
export function interfacesIn(text: string): readonly string[] {
  const names = [...text.matchAll(/\b(?:interface|dev|lvs_sync_daemon|oif|iif)\s+([A-Za-z][\w.-]{0,14})(?=\s|$)/g)];
  const tracked = [...text.matchAll(/track_interface\s*\{([^}]*)\}/g)].flatMap((match) =>
    (match[1] ?? "").split("\n").map((line) => line.trim().split(/\s+/, 1)[0] ?? ""),
  );
  const all = [...names.map((match) => match[1] ?? ""), ...tracked];
  const made = new Set([...text.matchAll(/\buse_(?:vmac|ipvlan)\s+([A-Za-z][\w.-]*)/g)].map((match) => match[1] ?? ""));
  return [...new Set(all)].filter(
    (name) => /^[A-Za-z][\w.-]{0,14}$/.test(name) && name !== "lo" && !/^vrrp\d*\.\d+$/.test(name) && !made.has(name),
  );
}

/** The network namespaces that a text may enter. */
function namespacesIn(text: string): readonly string[] {
  return [...text.matchAll(/\bnet_namespace(?:_ipvs)?\s+([A-Za-z][\w-]*)/g)].map((match) => match[1] ?? "");
}

/** The nodes for which a text has lines of its own (`@node`). */
export function configIdsIn(text: string): readonly string[] {
  const ids = [...text.matchAll(/^[ \t]*((?:@\^?[\w.-]+[ \t]+)+)/gm)].flatMap((match) =>
    [...(match[1] ?? "").matchAll(/@\^?([\w.-]+)/g)].map((one) => one[1] ?? ""),
  );
  return [...new Set(ids)].sort();
}
