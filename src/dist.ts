/**
 * Packs `dist/` for installation: a tar file whose paths begin at `/`, made with Node and tar alone.
 *
 *     tar -xf vipd-VERSION-ARCHITECTURE.tar.gz -C / && systemd-sysusers && systemctl daemon-reload
 *
 * The example file goes to the documentation: as /etc/vipd/vipd.conf it would shadow the admin's keepalived.conf.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { completionFor } from "./commands/completion.ts";

const TOP = resolve(import.meta.dirname, "..");

/** What goes where; folders whole. */
const LAYOUT: readonly (readonly [from: string, to: string])[] = [
  ["dist", "usr/lib/vipd"],
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

async function pack(): Promise<void> {
  const { version } = JSON.parse(await readFile(join(TOP, "package.json"), "utf8"));
  const stage = join(TOP, ".cache", `stage-${process.pid}`);
  const file = join(TOP, "dist", `vipd-${version}-${process.arch}.tar.gz`);
  await rm(file, { force: true });
  for (const [from, to] of LAYOUT) {
    const target = join(stage, to);
    await mkdir(dirname(target), { recursive: true });
    const source = join(TOP, from);
    // the manual page stands in docs/, but has its own place
    const filter = (path: string) => path === source || !/(\.tar\.gz|\/vipd\.8)$/.test(path);
    await cp(source, target, { recursive: true, filter });
  }
  for (const [shell, path] of COMPLETIONS) {
    await mkdir(dirname(join(stage, path)), { recursive: true });
    await writeFile(join(stage, path), completionFor(shell));
  }
  await mkdir(join(stage, "usr/sbin"), { recursive: true });
  await chmod(join(stage, "usr/lib/vipd/vipd.js"), 0o755);
  await symlink("../lib/vipd/vipd.js", join(stage, "usr/sbin/vipd"));
  const reproducible = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "--mode=go=rX,u+rw"];
  execFileSync("tar", ["-czf", file, ...reproducible, "-C", stage, "usr"], { stdio: "inherit" });
  await rm(stage, { recursive: true });
  console.log(file.slice(TOP.length + 1));
}

if (!existsSync(join(TOP, "dist/vipd.js"))) throw new Error("Cannot pack: dist/ is missing; run npm run build");
await pack();
