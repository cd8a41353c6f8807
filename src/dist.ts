/**
 * Packs `dist/` for installation, with the Node that runs it: a tar file whose paths begin at `/`, made with Node and tar alone.
 *
 *     tar -xf vipd-VERSION-ARCHITECTURE.tar.gz -C / && systemd-sysusers && systemctl daemon-reload
 *
 * The example file goes to the documentation: as /etc/vipd/vipd.conf it would shadow the admin's keepalived.conf.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { completionFor } from "./commands/completion.ts";

const TOP = resolve(import.meta.dirname, "..");

/** What goes where; folders whole. */
const LAYOUT: readonly (readonly [from: string, to: string])[] = [
  ["etc/vipd.service", "usr/lib/systemd/system/vipd.service"],
  ["etc/vipd-metrics.service", "usr/lib/systemd/system/vipd-metrics.service"],
  ["etc/sysusers.d/vipd.conf", "usr/lib/sysusers.d/vipd.conf"],
  ["docs/vipd.8", "usr/share/man/man8/vipd.8"],
  ["etc/vipd.conf", "usr/share/doc/vipd/vipd.conf"],
  ["etc/examples", "usr/share/doc/vipd/examples"],
  ["etc/sysctl.d", "usr/share/doc/vipd/sysctl.d"],
  ["docs", "usr/share/doc/vipd/docs"],
  ["README.md", "usr/share/doc/vipd/README.md"],
  ["CHANGELOG.md", "usr/share/doc/vipd/CHANGELOG.md"],
  ["LICENSE", "usr/share/doc/vipd/LICENSE"],
];

/** Where Debian's shells look for what completes a command. */
const COMPLETIONS: readonly (readonly [shell: "bash" | "zsh", to: string])[] = [
  ["bash", "usr/share/bash-completion/completions/vipd"],
  ["zsh", "usr/share/zsh/vendor-completions/_vipd"],
];

/** Debian has no Node that is new enough: the one that packs goes along. It stands beside this, in /usr or in any other place. */
const COMMAND = `#!/bin/sh
lib=\${0%/*}/../lib/vipd
[ -e "$lib/vipd.js" ] || lib=/usr/lib/vipd
exec "$lib/node" "$lib/vipd.js" "$@"
`;

/** Lays out what is installed. @param dist what `build.ts` made @param stage a folder that stands for `/` */
export async function lay(dist: string, stage: string): Promise<void> {
  for (const [from, to] of [[dist, "usr/lib/vipd"] as const, ...LAYOUT]) {
    const target = join(stage, to);
    await mkdir(dirname(target), { recursive: true });
    const source = resolve(TOP, from);
    // the manual page stands in docs/, but has its own place
    const filter = (path: string) => path === source || !/(\.tar\.gz|\/vipd\.8)$/.test(path);
    await cp(source, target, { recursive: true, filter });
  }
  for (const [shell, path] of COMPLETIONS) {
    await mkdir(dirname(join(stage, path)), { recursive: true });
    await writeFile(join(stage, path), completionFor(shell));
  }
  await copyFile(process.execPath, join(stage, "usr/lib/vipd/node"));
  await copyFile(join(dirname(process.execPath), "../LICENSE"), join(stage, "usr/lib/vipd/LICENSE.node"));
  await mkdir(join(stage, "usr/sbin"), { recursive: true });
  await writeFile(join(stage, "usr/sbin/vipd"), COMMAND, { mode: 0o755 });
}

async function pack(): Promise<void> {
  const dist = join(TOP, "dist");
  if (!existsSync(join(dist, "vipd.js"))) throw new Error("Cannot pack: dist/ is missing; run npm run build");
  const { version } = JSON.parse(await readFile(join(TOP, "package.json"), "utf8"));
  const stage = join(TOP, ".cache", `stage-${process.pid}`);
  const file = join(dist, `vipd-${version}-${process.arch}.tar.gz`);
  await rm(file, { force: true });
  try {
    await lay(dist, stage);
    const reproducible = [
      "--sort=name",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "--mtime=@0",
      "--mode=go=rX,u+rw",
    ];
    execFileSync("tar", ["-czf", file, ...reproducible, "-C", stage, "usr"], { stdio: "inherit" });
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
  console.log(file.slice(TOP.length + 1));
}

if (import.meta.main) await pack();
