/** Configurations from texts in memory. */
import { failure, success } from "../../src/base/result.ts";
import type { Config, Loaded } from "../../src/config/config.ts";
import { type LoadOptions, loadConfig } from "../../src/config/load.ts";
import { meaningCodes } from "../../src/config/meaning/codes.ts";
import type { Files } from "../../src/config/source.ts";

export const MAIN = "/etc/test/main.conf";

/** Names that begin with `!` are there and executable, so that nobody reads them. */
export function filesOf(texts: Readonly<Record<string, string>>): Files {
  return {
    read(path) {
      const text = texts[path];
      if (text !== undefined) return success(text);
      if (texts[`!${path}`] !== undefined) return failure({ kind: "executable", reason: "is executable" });
      return failure({ kind: "missing", reason: "does not exist" });
    },
    glob(pattern) {
      const expression = pattern
        .replace(/[.+^$()|\\[\]{}]/g, "\\$&")
        .replaceAll("*", "[^/]*")
        .replaceAll("?", "[^/]");
      return Object.keys(texts)
        .filter((path) => new RegExp(`^${expression}$`).test(path))
        .sort();
    },
  };
}

export function load(
  text: string,
  options: Partial<LoadOptions> & { readonly more?: Readonly<Record<string, string>> } = {},
): Loaded {
  const { more, ...rest } = options;
  return loadConfig(filesOf({ [MAIN]: text, ...more }), MAIN, {
    configId: "alpha",
    tolerant: false,
    environment: (name) => (name === "HOME" ? "/root" : undefined),
    random: () => 0.5,
    hostName: "alpha.example.org",
    userName: "root",
    ...rest,
  });
}

/** The value of a configuration in which nothing is wrong. @throws if it is not usable */
export function good(text: string, options: Parameters<typeof load>[1] = {}): Config {
  const { config, problems } = load(text, options);
  if (config === undefined)
    throw new Error(`refused:\n${problems.map(({ line, message }) => `${line}: ${message}`).join("\n")}`);
  return config;
}

/** What there is to say about the language, as `line:column level CODE message; remedy`. */
export function said(text: string, options: Parameters<typeof load>[1] = {}): readonly string[] {
  return lines(text, options)
    .filter(({ code }) => !(code in meaningCodes))
    .map(({ text }) => text);
}

/** What there is to say about the meaning of a text. */
export function meant(text: string, options: Parameters<typeof load>[1] = {}): readonly string[] {
  return lines(text, options)
    .filter(({ code }) => code in meaningCodes)
    .map(({ text }) => text);
}

function lines(text: string, options: Parameters<typeof load>[1]) {
  return load(text, options).problems.map(({ line, column, level, code, message, remedy }) => ({
    code,
    text: `${line}:${column} ${level} ${code} ${message}; ${remedy}`,
  }));
}

/** The router_id that a text gives, as a way to see what became of a word. */
export function routerId(lines: string, options: Parameters<typeof load>[1] = {}): string {
  return good(`${lines}\n`, { tolerant: true, ...options }).global.routerId;
}

/** An instance with the least that it needs, and these lines. */
export function instance(lines: string, name = "V"): string {
  return `vrrp_instance ${name} {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n  192.0.2.9/24\n }\n${lines}\n}\n`;
}

/** A TCP service with one server, and these lines in each. */
export function service(inService: string, inServer = "", inCheck = ""): string {
  return `virtual_server 192.0.2.1 80 {\n protocol TCP\n lb_algo rr\n lb_kind NAT\n${inService}\n real_server 10.0.0.1 8080 {\n${inServer}\n  TCP_CHECK {\n${inCheck}\n  }\n }\n}\n`;
}
