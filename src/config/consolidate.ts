/** One text that holds the whole configuration, includes resolved and conditions decided: it loads to the same value. */
import type { ReadResult } from "./source.ts";
import { rawText, type Statement } from "./statement.ts";

export function consolidate({ statements, sources, plain }: ReadResult): string {
  const [main] = sources;
  if (main === undefined) return "";
  if (plain && sources.length === 1) return `${main.text}${main.text.endsWith("\n") ? "" : "\n"}# ${main.path}:1\n`;
  const lines: string[] = [];
  write(statements, "", lines);
  return `${lines.join("\n")}\n`;
}

function write(statements: readonly Statement[], indent: string, lines: string[]): void {
  for (const statement of statements) {
    const origin = `  # ${statement.source.path}:${statement.line}`;
    const text = masked(rawText(statement));
    if (statement.body === undefined) lines.push(`${indent}${text}${origin}`);
    else {
      lines.push(`${indent}${text} {${origin}`);
      write(statement.body, `${indent}  `, lines);
      lines.push(`${indent}}`);
    }
  }
}

/** Text as it can be read again: comment characters outside quotes were written as `\#` or `\!`. */
export function masked(text: string): string {
  if (!/[#!]/.test(text)) return text;
  return text.replace(/"[^"]*"|[#!]/g, (match) => (match.length === 1 ? `\\${match}` : match));
}
