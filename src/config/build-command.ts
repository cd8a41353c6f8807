/** Commands of notify and check scripts, with their account. */
import type { CommandSettings } from "../notify/settings.ts";
import { find } from "./access.ts";
import { parseCommand } from "./command.ts";
import { type Report, wrong } from "./problems.ts";
import { placeOf, rawArguments, type Statement } from "./statement.ts";

/** The command that a keyword of this block names, if it does. */
export function commandIn(block: Statement, name: string, report: Report): CommandSettings | undefined {
  const statement = find(block, name);
  return statement === undefined ? undefined : commandOf(statement, report);
}

export function commandOf(statement: Statement, report: Report): CommandSettings | undefined {
  if (statement.words.length < 2) return undefined;
  const command = parseCommand(rawArguments(statement));
  if (command.ok) return { ...command.value, at: placeOf(statement) };
  const remedy = 'put the command with its arguments in quotes: "/path/script argument" USER GROUP';
  report.at(statement, 1, wrong("VIPD003", `${statement.words[0]} ${command.error}`, remedy));
  return undefined;
}
