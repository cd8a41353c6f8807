/**
 * Reads one HTTP response, piece by piece, as the bytes come. Lean on purpose: a status, the end of the body, and its MD5 where
 * somebody asks for it. RFC 9112; hostile bytes give a reason, never an exception, and never much memory.
 */
import { createHash, type Hash } from "node:crypto";

export type Response = { readonly status: number; readonly digest: string | undefined };
export type Outcome =
  | { readonly done: true; readonly response: Response }
  | { readonly done: true; readonly problem: string }
  | { readonly done: false };

export type ResponseReader = {
  push(bytes: Buffer): Outcome;
  /** The server closed. */
  end(): Outcome;
};

const HEAD_LIMIT = 64 * 1024;
/** A body without end must not keep this process busy for a whole timeout. */
const BODY_LIMIT = 256 * 1024 * 1024;
/** Where nobody asks for the digest: who has sent so much is alive, and the rest would only cost time that other checks need. */
const ENOUGH = 16 * 1024 * 1024;
const CHUNK_LINE_LIMIT = 4096;
/** 100, 103 before the response itself: each is read over again in what came with it. */
const INTERIM_LIMIT = 16;

type Phase = "head" | "length" | "close" | "chunkSize" | "chunkData" | "chunkEnd" | "trailer";
const MORE: Outcome = { done: false };

/** @param wantDigest whether to compute the MD5 of the body */
export function readResponse(wantDigest: boolean): ResponseReader {
  let phase: Phase = "head";
  let text = "";
  let status = 0;
  let left = 0;
  let total = 0;
  let interim = 0;
  const hash: Hash | undefined = wantDigest ? createHash("md5") : undefined;

  function finish(): Outcome {
    return { done: true, response: { status, digest: hash?.digest("hex") } };
  }

  function push(bytes: Buffer): Outcome {
    if (phase === "head") return head(bytes);
    return body(bytes);
  }

  function head(bytes: Buffer): Outcome {
    const before = text.length;
    text += bytes.toString("latin1");
    if (!text.startsWith("HTTP/".slice(0, text.length))) return problem("not an HTTP response");
    const end = headEnd(text, before);
    if (end === undefined) return text.length > HEAD_LIMIT ? problem("header longer than 64 KiB") : MORE;
    const parsed = parseHead(text.slice(0, end));
    if (typeof parsed === "string") return problem(parsed);
    const rest = bytes.subarray(end - before);
    text = "";
    if (parsed.status < 200) {
      if (parsed.status === 101) return problem("status 101 where a response was asked for");
      if (++interim > INTERIM_LIMIT) return problem(`more than ${INTERIM_LIMIT} interim responses`);
      return rest.length === 0 ? MORE : head(rest); // 100, 103: the real response follows
    }
    status = parsed.status;
    if (status === 204 || status === 304) return finish();
    phase = parsed.framing === "chunked" ? "chunkSize" : parsed.framing === "close" ? "close" : "length";
    left = typeof parsed.framing === "number" ? parsed.framing : 0;
    if (phase === "length" && left === 0) return finish();
    return rest.length === 0 ? MORE : body(rest);
  }

  function body(bytes: Buffer): Outcome {
    total += bytes.length;
    if (hash === undefined && total > ENOUGH) return finish();
    if (total > BODY_LIMIT) return problem("body longer than 256 MiB");
    if (phase === "close") {
      hash?.update(bytes);
      return MORE;
    }
    if (phase === "length") {
      const part = bytes.length > left ? bytes.subarray(0, left) : bytes;
      hash?.update(part);
      left -= part.length;
      return left === 0 ? finish() : MORE;
    }
    return chunked(bytes);
  }

  function chunked(bytes: Buffer): Outcome {
    let at = 0;
    while (at < bytes.length) {
      if (phase === "chunkData") {
        const take = Math.min(left, bytes.length - at);
        hash?.update(bytes.subarray(at, at + take));
        at += take;
        left -= take;
        if (left === 0) phase = "chunkEnd";
        continue;
      }
      const newline = bytes.indexOf(0x0a, at);
      text += bytes.toString("latin1", at, newline === -1 ? bytes.length : newline);
      if (text.length > CHUNK_LINE_LIMIT) return problem("chunk header too long");
      if (newline === -1) return MORE;
      at = newline + 1;
      const line = text.endsWith("\r") ? text.slice(0, -1) : text;
      text = "";
      const outcome = chunkLine(line);
      if (outcome !== undefined) return outcome;
    }
    return MORE;
  }

  function chunkLine(line: string): Outcome | undefined {
    if (phase === "trailer") return line === "" ? finish() : undefined;
    if (phase === "chunkEnd") {
      if (line !== "") return problem("chunk without end");
      phase = "chunkSize";
      return undefined;
    }
    const size = /^[ \t]*([0-9a-fA-F]{1,8})[ \t]*(?:;|$)/.exec(line)?.[1];
    if (size === undefined) return problem("chunk size is no number");
    left = Number.parseInt(size, 16);
    phase = left === 0 ? "trailer" : "chunkData";
    return undefined;
  }

  function end(): Outcome {
    if (phase === "close") return finish();
    if (phase === "head") return problem(text === "" ? "closed without a response" : "response ends within its header");
    if (phase === "length") return problem(`response ends ${left} bytes early`);
    return problem("response ends within a chunk");
  }

  return { push, end };
}

function problem(why: string): Outcome {
  return { done: true, problem: why };
}

/** The index behind the empty line; bare line feeds are accepted (RFC 9112 §2.2). `from`: what was searched before. */
function headEnd(text: string, from: number): number | undefined {
  let at = text.indexOf("\n", Math.max(0, from - 2));
  while (at !== -1) {
    if (text.charCodeAt(at + 1) === 0x0a) return at + 2;
    if (text.charCodeAt(at + 1) === 0x0d && text.charCodeAt(at + 2) === 0x0a) return at + 3;
    at = text.indexOf("\n", at + 1);
  }
  return undefined;
}

type Head = { readonly status: number; readonly framing: number | "chunked" | "close" };

function parseHead(head: string): Head | string {
  const status = /^HTTP\/\d+(?:\.\d+)? +(\d{3})(?=[ \r\n])/.exec(head)?.[1];
  if (status === undefined) return "not an HTTP response";
  if (/\ntransfer-encoding[ \t]*:[^\n]*\bchunked[ \t]*\r?\n/i.test(head)) {
    return { status: Number(status), framing: "chunked" };
  }
  const length = /\ncontent-length[ \t]*:[ \t]*(\d{1,15})[ \t]*\r?\n/i.exec(head)?.[1];
  return { status: Number(status), framing: length === undefined ? "close" : Number(length) };
}
