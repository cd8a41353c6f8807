/** Writes the pages of docs/ that are made from the tables (`npm run docs`); a test sees that they are current. */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { codesPage, configurationPage } from "./commands/reference.ts";

const DOCS = resolve(import.meta.dirname, "../docs");

export const PAGES: Readonly<Record<string, () => string>> = {
  "configuration.md": configurationPage,
  "codes.md": codesPage,
};

if (import.meta.main) for (const [name, page] of Object.entries(PAGES)) writeFileSync(join(DOCS, name), page());
