/**
 * A change of configuration in two phases: everybody prepares (plans, opens what it needs, answers), then everybody commits. One refusal
 * and nothing changes anywhere.
 */
import type { Config } from "../config/config.ts";

export type Participant = {
  readonly name: string;
  /** @returns why it refuses, or undefined */
  prepare(config: Config, generation: number): Promise<string | undefined>;
  /** Takes over what it prepared. Must not fail. */
  commit(): Promise<void>;
  /** Forgets what it prepared. */
  abandon(): void;
};

/** @returns the refusals; none = it is in force now */
export async function changeOver(
  participants: readonly Participant[],
  config: Config,
  generation: number,
): Promise<readonly string[]> {
  const answers = await Promise.all(participants.map((one) => one.prepare(config, generation)));
  const refusals = answers.flatMap((refused, index) =>
    refused === undefined ? [] : [`${participants[index]?.name}: ${refused}`],
  );
  if (refusals.length > 0) {
    for (const one of participants) one.abandon();
    return refusals;
  }
  await Promise.all(participants.map((one) => one.commit()));
  return [];
}
