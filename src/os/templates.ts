/** Mail templates (Handlebars) from folders: the admin's file wins over ours, one by one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";
import { systemErrorCode } from "./errors.ts";

export type Rendered = { readonly subject: string; readonly text: string; readonly html: string };
export type Templates = { render(kind: string, model: object): Rendered };

/**
 * @param folders looked through in this order for `KIND.subject.hbs`, `KIND.txt.hbs`, `KIND.html.hbs`, the bodies then for
 *   `change.txt.hbs`, `change.html.hbs`, which serve all kinds that have none of their own; the last folder is ours and complete
 * @param warn is told of a template that does not work; ours is then used instead, for no mail may be lost to a typing error
 */
export function openTemplates(folders: readonly string[], warn: (reason: string) => void): Templates {
  const engine = Handlebars.create();
  engine.registerHelper("indent", (text: unknown) => String(text).replaceAll("\n", "\n  "));
  const cache = new Map<string, string>();

  function renderFirst(files: readonly string[], model: object, html: boolean): string {
    const paths = files.flatMap((file) => folders.map((folder) => join(folder, file)));
    const found = paths.filter((path) => source(path) !== undefined);
    for (const [index, path] of found.entries()) {
      try {
        return engine.compile(source(path) ?? "", { noEscape: !html })(model);
      } catch (error) {
        if (index === found.length - 1) throw error;
        warn(`The template ${path} does not work (${firstLine(error)}); the built-in one is used`);
      }
    }
    throw new Error(`Cannot find the template ${files.join(" or ")} in ${folders.join(" or ")}`);
  }

  function source(path: string): string | undefined {
    const known = cache.get(path);
    if (known !== undefined) return known;
    try {
      const text = readFileSync(path, "utf8");
      cache.set(path, text);
      return text;
    } catch (error) {
      if (systemErrorCode(error) !== "ENOENT") warn(`The template ${path} cannot be read (${systemErrorCode(error)})`);
      return undefined;
    }
  }

  return {
    render: (kind, model) => ({
      // A subject is one line, whatever a reason or a name holds.
      subject: renderFirst([`${kind}.subject.hbs`], model, false)
        .replaceAll(/\s+/g, " ")
        .trim()
        .slice(0, 254),
      text: renderFirst([`${kind}.txt.hbs`, "change.txt.hbs"], model, false),
      html: renderFirst([`${kind}.html.hbs`, "change.html.hbs"], model, true),
    }),
  };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
