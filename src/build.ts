/**
 * Makes `dist/`: self-contained, started as `node dist/vipd.js` from any folder. One bundle per role, because a role
 * that shares the others' code starts three times slower and holds twice the memory. The bundles lie in `dist/code/`, with what
 * V8 made of them; `dist/meta.json` says what each consists of.
 */
import { globSync } from "node:fs";
import { copyFile, cp, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { build, type Metafile } from "esbuild";
import { makeCaches } from "./code-cache.ts";

const TOP = resolve(import.meta.dirname, "..");

/** The bundles, by the name of their file in dist/. The launcher `vipd.js` starts `main` for a daemon, else `command`. */
const ENTRIES = {
  main: "src/main.ts",
  command: "src/command.ts",
  vrrp: "src/daemon/vrrp.ts",
  checkers: "src/daemon/checkers.ts",
  mailer: "src/daemon/mailer.ts",
  reader: "src/daemon/reader.ts",
} as const;

/** What is known of one bundle: its size, the files in it, and the built-in modules that it imports. */
export type Bundle = {
  readonly bytes: number;
  readonly modules: readonly string[];
  readonly builtins: readonly string[];
};

async function buildAll(): Promise<void> {
  const folder = join(TOP, ".cache", `dist-${process.pid}`);
  await mkdir(folder, { recursive: true });
  try {
    const bundles = await fill(folder);
    await rm(join(TOP, "dist"), { recursive: true, force: true });
    await rename(folder, join(TOP, "dist"));
    for (const [name, { bytes, modules }] of Object.entries(bundles)) {
      console.log(`dist/${name}.js  ${(bytes / 1024).toFixed(0)} kB, ${modules.length} modules`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param folder an empty one, which becomes dist/ */
export async function fill(folder: string): Promise<Readonly<Record<string, Bundle>>> {
  const bundles = await bundle(join(folder, "code"));
  const names = Object.keys(bundles);
  for (const name of names)
    await writeFile(join(folder, `${name}.js`), `require("./load.js")(${JSON.stringify(name)});\n`);
  await copyFile(join(TOP, "src/launcher.js"), join(folder, "vipd.js"));
  await copyFile(join(TOP, "src/load.js"), join(folder, "load.js"));
  await copyFile(findAddon(), join(folder, "dgram_ext.node"));
  await cp(join(TOP, "templates"), join(folder, "templates"), { recursive: true });
  await copyFile(join(TOP, "docs/vipd.8"), join(folder, "vipd.8"));
  await copyFile(join(TOP, "LICENSE"), join(folder, "LICENSE"));
  await writeFile(join(folder, "licenses.txt"), await licensesOf(Object.values(bundles)));
  await writeFile(join(folder, "package.json"), await manifest());
  await writeFile(join(folder, "meta.json"), `${JSON.stringify(bundles, null, 1)}\n`);
  await makeCaches(folder, names);
  return bundles;
}

/** @param folder where the bundles are written; undefined: nowhere, they are only described */
export async function bundle(folder?: string): Promise<Readonly<Record<string, Bundle>>> {
  const { metafile } = await build({
    absWorkingDir: TOP,
    entryPoints: ENTRIES,
    outdir: folder ?? "dist",
    write: folder !== undefined,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    metafile: true,
    legalComments: "none",
    logLevel: "warning",
    define: { "import.meta.dirname": "__dirname", "import.meta.main": "false" },
    // a function of what `load.js` gives it: `__dirname` is dist/
    banner: { js: "(function (require, __dirname) {" },
    footer: { js: "})" },
  });
  return Object.fromEntries(Object.entries(metafile.outputs).map(([path, output]) => [nameOf(path), describe(output)]));
}

function nameOf(path: string): string {
  return basename(path, ".js");
}

function describe(output: Metafile["outputs"][string]): Bundle {
  const builtins = output.imports.filter((one) => one.external).map((one) => one.path.replace(/^node:/, ""));
  return {
    bytes: output.bytes,
    modules: Object.keys(output.inputs).sort(),
    builtins: [...new Set(builtins)].sort(),
  };
}

function findAddon(): string {
  const [addon] = globSync("native/dgram-ext/**/*.node", { cwd: TOP });
  if (addon === undefined) throw new Error("Cannot build dist/: the addon is missing; run test/lab/setup.sh addon");
  return join(TOP, addon);
}

/** The licences of the packages whose code is in the bundles. */
async function licensesOf(bundles: readonly Bundle[]): Promise<string> {
  const modules = bundles.flatMap((one) => one.modules).filter((path) => path.startsWith("node_modules/"));
  const folders = new Set(modules.map((path) => /^node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? dirname(path)));
  const texts = [...folders].sort().map(async (folder) => {
    const [file] = globSync(`${folder}/LICEN[CS]E*`, { cwd: TOP });
    return `${basename(folder)}\n\n${file === undefined ? "" : await readFile(join(TOP, file), "utf8")}`;
  });
  return (await Promise.all(texts)).join(`\n${"-".repeat(78)}\n\n`);
}

async function manifest(): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(TOP, "package.json"), "utf8"));
  return `${JSON.stringify({ name, version, license, type: "commonjs", private: true, bin: { vipd: "vipd.js" } }, null, 2)}\n`;
}

if (import.meta.main) {
  try {
    await buildAll();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
