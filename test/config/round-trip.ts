/** A configuration, printed, must read as the same value, and print as the same text. */
import { expect } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { type LoadOptions, loadConfig } from "../../src/config/load.ts";
import { printWritten } from "../../src/config/written/print.ts";
import { realFiles } from "../../src/os/config-files.ts";
import { load } from "./load.ts";

export const OPTIONS: LoadOptions = {
  configId: "main",
  tolerant: true,
  environment: () => undefined,
  random: () => 0,
  hostName: "h.example.org",
  userName: "root",
  written: true,
};

export function printed(config: Config | undefined): string {
  return printWritten(config?.written ?? [], { defaults: false });
}

/** @returns what was printed */
export function roundTrip(path: string, options: Partial<LoadOptions> = {}): string {
  const first = loadConfig(realFiles(), path, { ...OPTIONS, ...options });
  return again(first.config, path);
}

export function roundTripText(text: string): string {
  return again(load(text, OPTIONS).config, "the text");
}

/** The name of the node matters no more: conditions are decided. */
function again(config: Config | undefined, name: string): string {
  const text = printed(config);
  const second = load(text, { ...OPTIONS, configId: "other" });
  expect(withoutPlaces(second.config), name).toEqual(withoutPlaces(config));
  expect(printed(second.config), name).toBe(text);
  return text;
}

/** Scripts and settings remember where they stand. */
export function withoutPlaces(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null, (key, inner) => (key === "at" ? undefined : inner)));
}
