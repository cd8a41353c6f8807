/** Says a thing once that is true of many: at the first, with the number of the others. */
import type { Report, Saying } from "../problems.ts";
import type { Statement } from "../statement.ts";

export type Gathering = {
  /** @param key what makes two remarks the same @param word of the statement that offends */
  note(key: string | number, statement: Statement, word: number, saying: () => Saying): void;
  /** How often something was noted. */
  count(): number;
  tell(report: Report): void;
};

type Noted = { readonly statement: Statement; readonly word: number; readonly saying: Saying; count: number };

export function gather(): Gathering {
  const noted = new Map<string | number, Noted>();
  let notes = 0;
  return {
    count: () => notes,
    note(key, statement, word, saying) {
      notes++;
      const known = noted.get(key);
      if (known === undefined) noted.set(key, { statement, word, saying: saying(), count: 1 });
      else known.count++;
    },
    tell(report) {
      for (const { statement, word, saying, count } of noted.values()) {
        const others = count === 1 ? "" : ` (and ${count - 1} more like this)`;
        report.at(statement, word, { ...saying, message: `${saying.message}${others}` });
      }
    },
  };
}
