/** `vipd completion bash|zsh`: what a shell needs to complete commands, options, keywords and codes, made from the tables. */
import { table } from "../config/keywords/table.ts";
import { codes } from "../config/problems.ts";
import type { CommandIo } from "./check.ts";
import { WRONG_WORDS } from "./exit.ts";
import { COMMAND_NAMES, OPTION_NAMES } from "./options.ts";

/** @param argv the words behind `completion` @returns 0, or 64 for a shell that is not known */
export function runCompletion(argv: readonly string[], io: CommandIo): number {
  const [shell] = argv;
  if (shell !== "bash" && shell !== "zsh") {
    io.error(
      `vipd completion: ${shell === undefined ? "name a shell" : `there is none for ${shell}`}; vipd completion bash|zsh`,
    );
    return WRONG_WORDS;
  }
  io.out(completionFor(shell).trimEnd());
  return 0;
}

export function completionFor(shell: "bash" | "zsh"): string {
  return shell === "bash" ? bash() : zsh();
}

/** Options of the commands themselves. */
const COMMAND_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  check: ["--json", "--brief", "--print", "--diff", "--strict", "--as"],
  status: ["--json"],
  metrics: ["--listen"],
  stop: ["--keep-ipvs", "--hurry"],
  sweep: ["--keep-ipvs"],
};

function keywords(): readonly string[] {
  const names = table.filter(({ path }) => !path.startsWith("@")).map(({ path }) => path.split("/").at(-1) ?? "");
  return [...new Set([...names, ...Object.keys(codes)])].sort();
}

function bash(): string {
  const cases = Object.entries(COMMAND_OPTIONS).map(
    ([command, options]) => `    ${command}) words="${options.join(" ")}" ;;`,
  );
  return `# bash completion for vipd; made by: vipd completion bash
_vipd() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command="" words="" one
  for one in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $one in -*) ;; *) command=$one; break ;; esac
  done
  case $before in
    -f|--use-file|-g|-p|-r|-c|--dry-run-log|--run-dir|--state-dir)
      COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  case $command in
    "") words="${[...COMMAND_NAMES, "help"].join(" ")} ${OPTION_NAMES.join(" ")}" ;;
    explain) words="${keywords().join(" ")}" ;;
    completion) words="bash zsh" ;;
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  if [[ $command == check && $word != -* ]]; then COMPREPLY+=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _vipd vipd
`;
}

function zsh(): string {
  const cases = Object.entries(COMMAND_OPTIONS).map(
    ([command, options]) => `    ${command}) compadd -- ${options.join(" ")} ;;`,
  );
  return `#compdef vipd
# zsh completion for vipd; made by: vipd completion zsh
_vipd() {
  local command="" one
  for one in "\${(@)words[2,CURRENT-1]}"; do
    case $one in -*) ;; *) command=$one; break ;; esac
  done
  case $words[CURRENT-1] in
    -f|--use-file|-g|-p|-r|-c|--dry-run-log|--run-dir|--state-dir) _files; return ;;
  esac
  case $command in
    "") compadd -- ${[...COMMAND_NAMES, "help"].join(" ")} ${OPTION_NAMES.join(" ")} ;;
    explain) compadd -- ${keywords().join(" ")} ;;
    completion) compadd -- bash zsh ;;
${cases.join("\n")}
  esac
  if [[ $command == check ]]; then _files; fi
}
if [[ $funcstack[1] == _vipd ]]; then _vipd "$@"; else compdef _vipd vipd; fi
`;
}
