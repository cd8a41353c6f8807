/** Small mistakes in clean files, the same ones at every run. */
import type { Text } from "./judge.ts";

type Draw = (below: number) => number;

/** @param count how many, spread over the texts in turn */
export function mutants(texts: readonly Text[], count: number, seed = 1): readonly Text[] {
  const draw = drawFrom(seed);
  const made: Text[] = [];
  for (let round = 0; made.length < count && round < count * 20; round++) {
    const source = texts[round % texts.length];
    const kind = kinds[Math.floor(round / texts.length) % kinds.length];
    if (source === undefined || kind === undefined) break;
    const text = mutated(source.text, kind, draw);
    if (text !== undefined)
      made.push({ name: `${kind.name} #${made.length} ${source.name}:${text.line}`, text: text.text });
  }
  return made;
}

type Kind = {
  readonly name: string;
  /** A line without its indentation, or undefined where this mistake cannot be made. */
  readonly change: (line: string, draw: Draw) => string | undefined;
};

const kinds: readonly Kind[] = [
  { name: "misspelt", change: misspelt },
  { name: "brace lost", change: (line) => (/[{}]/.test(line) ? line.replace(/[{}]/, "") : undefined) },
  { name: "brace added", change: (line, draw) => `${line} ${draw(2) === 0 ? "{" : "}"}` },
  { name: "number huge", change: (line) => swapNumber(line, "99999999999") },
  { name: "number negative", change: (line) => swapNumber(line, "-7") },
  { name: "number zero", change: (line) => swapNumber(line, "0") },
  { name: "number with junk", change: (line) => swapNumber(line, "5x") },
  { name: "word missing", change: (line) => (/\S\s+[^\s{}]+$/.test(line) ? line.replace(/\s+\S+$/, "") : undefined) },
  { name: "word added", change: (line) => (/[{}]/.test(line) ? undefined : `${line} surplus`) },
  {
    name: "word replaced",
    change: (line) => (/\S\s+[^\s{}]+$/.test(line) ? line.replace(/\S+$/, "nonsense") : undefined),
  },
  { name: "quote lost", change: (line) => (line.includes('"') ? line.replace('"', "") : undefined) },
  { name: "line twice", change: (line) => (/[{}]/.test(line) ? undefined : `${line}\n${line}`) },
  { name: "line lost", change: (line) => (/[{}]/.test(line) ? undefined : "") },
];

function mutated(
  text: string,
  { change }: Kind,
  draw: Draw,
): { readonly text: string; readonly line: number } | undefined {
  const lines = text.split("\n");
  for (let attempt = 0; attempt < 30; attempt++) {
    const at = draw(lines.length);
    const line = lines[at] ?? "";
    const content = line.trim();
    if (content === "" || /^[#!]/.test(content) || content.includes("#")) continue;
    const changed = change(content, draw);
    if (changed === undefined || changed === content) continue;
    lines[at] = `${/^\s*/.exec(line)?.[0] ?? ""}${changed}`;
    return { text: lines.join("\n"), line: at + 1 };
  }
  return undefined;
}

function misspelt(line: string, draw: Draw): string | undefined {
  const keyword = /^[a-zA-Z_]{3,}/.exec(line)?.[0];
  if (keyword === undefined) return undefined;
  const at = 1 + draw(keyword.length - 1);
  const others = [
    keyword.slice(0, at) + keyword.slice(at + 1),
    keyword.slice(0, at) + keyword.charAt(at) + keyword.slice(at),
    keyword.slice(0, at - 1) + keyword.charAt(at) + keyword.charAt(at - 1) + keyword.slice(at + 1),
    keyword.slice(0, -1) + (keyword.endsWith("x") ? "y" : "x"),
  ];
  return (others[draw(others.length)] ?? "") + line.slice(keyword.length);
}

function swapNumber(line: string, by: string): string | undefined {
  return /(?<=\s)\d+(?=\s|$)/.test(line) ? line.replace(/(?<=\s)\d+(?=\s|$)/, by) : undefined;
}

/** A small generator, so that a seed always gives the same mistakes. */
function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
