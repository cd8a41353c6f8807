/** A real zsh with its completion system, below .cache (`test/lab/setup.sh`): what becomes of a line when TAB is pressed. */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const TOP = resolve(import.meta.dirname, "../..");
const ROOT = join(TOP, ".cache/shells/root");

/** Types each line into a zsh in which `completion` was sourced, then TAB. @returns the lines as they are then, without blanks at the end */
export function completedInZsh(completion: string, lines: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "vipd-zsh-"));
  try {
    writeFileSync(join(folder, "_vipd"), completion);
    const [modules = ""] = globSync(`${ROOT}/usr/lib/*/zsh/*.*`);
    const ready = `module_path=(${modules}); fpath=(${ROOT}/usr/share/zsh/functions/**/*(/N))`;
    writeFileSync(
      join(folder, "rc"),
      `${ready}
autoload -Uz compinit; compinit -D -u
source ${folder}/_vipd
PS1=; unsetopt beep auto_list auto_menu list_ambiguous
keep() { print -r -- "$BUFFER" >>${folder}/lines; BUFFER= }
zle -N keep; bindkey '^I' complete-word; bindkey '^X' keep
: >${folder}/begun
`,
    );
    const script = `${ready}
zmodload zsh/zpty
zpty -b z ${zsh()} -f -i
zpty -w z 'source ${folder}/rc'
integer typed=0
await() { local got; repeat 1000; do zpty -r -t z got; [[ -e $1 ]] && (( $(wc -l <$1) >= typed )) && return; sleep 0.01; done; exit 1 }
await ${folder}/begun
for line in "$@"; do typed+=1; zpty -w -n z "$line"$'\\t\\x18'; await ${folder}/lines; done
`;
    const run = spawnSync(zsh(), ["-f", "-c", script, "zsh", ...lines], {
      encoding: "utf8",
      cwd: TOP,
      env: {
        LD_LIBRARY_PATH: globSync(`${ROOT}/usr/lib/*-linux-gnu`).join(":"),
        TERM: "dumb",
        PATH: process.env["PATH"] ?? "",
      },
    });
    if (run.status !== 0) throw new Error(`zsh failed: ${run.error?.message ?? run.stderr}`);
    return readFileSync(join(folder, "lines"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => line.trimEnd());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function zsh(): string {
  return join(ROOT, "usr/bin/zsh");
}
