/** Words and commands to text that reads as the same words: quotes only where they are needed (config-language 8–16). */

/** A word as it is written in a file. It holds no quotation mark: none can stand in a word. */
export function wordText(word: string): string {
  const plain = /^[^\s"#!{}\\$@~][^\s"#!{}\\$]*$/.test(word) && !/^include\w?$/.test(word);
  return plain ? word : `"${word}"`;
}

export function wordsText(words: readonly string[]): string {
  return words.map(wordText).join(" ");
}

/** A command of plain arguments in one pair of quotation marks, so that its arguments are not taken for a user. */
export function commandText(argv: readonly string[], user: string | undefined, group: string | undefined): string {
  const account = [user, group].filter((name) => name !== undefined);
  const quoted = argv.map((argument) => (argument === "" || /\s/.test(argument) ? `'${argument}'` : argument));
  return [`"${quoted.join(" ")}"`, ...account.map(wordText)].join(" ");
}

/** Whether an argument needs no escapes. */
export function isPlainArgument(argument: string): boolean {
  return !/['"\\\0-\x08\x0a-\x1f]|\$\{?_/.test(argument);
}

/** A number without an exponent and without idle decimals; durations have no more than six. */
export function decimalText(number: number): string {
  const text = number.toFixed(6);
  return text.replace(/\.?0+$/, "");
}
