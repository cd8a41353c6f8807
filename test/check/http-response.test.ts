import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Outcome, readResponse } from "../../src/check/http-response.ts";

function read(pieces: readonly Buffer[], wantDigest = true): Outcome {
  const reader = readResponse(wantDigest);
  for (const piece of pieces) {
    const outcome = reader.push(piece);
    if (outcome.done) return outcome;
  }
  return reader.end();
}

const md5 = (body: Uint8Array | string) => createHash("md5").update(body).digest("hex");

test("any body, framed in any way, cut in any place, gives its status and digest", () => {
  const framing = fc.constantFrom("close", "length", "chunked");
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), framing, fc.array(fc.nat(400)), (body, how, cuts) => {
      const whole = Buffer.concat([Buffer.from(headOf(how, body.length)), how === "chunked" ? chunks(body) : body]);
      const places = [0, ...cuts.map((cut) => cut % whole.length).sort((a, b) => a - b), whole.length];
      const pieces = places.slice(1).map((to, index) => whole.subarray(places[index], to));
      expect(read(pieces.filter(({ length }) => length > 0))).toEqual({
        done: true,
        response: { status: 200, digest: md5(body) },
      });
    }),
  );
});

function headOf(how: string, length: number): string {
  const field =
    how === "length" ? `Content-Length: ${length}\r\n` : how === "chunked" ? "transfer-encoding: chunked\r\n" : "";
  return `HTTP/1.1 200 OK\r\nServer: test\r\n${field}\r\n`;
}

function chunks(body: Uint8Array): Buffer {
  const half = body.length >> 1;
  const parts = [body.subarray(0, half), body.subarray(half)].filter(({ length }) => length > 0);
  const written = parts.flatMap((part) => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]);
  return Buffer.concat([...written, Buffer.from("0\r\n\r\n")]);
}

test("random bytes are a response or a reason, never an exception", () => {
  const text = fc.string({
    unit: fc.constantFrom(
      "HTTP/1.1 ",
      "200",
      " OK",
      "\r\n",
      "\n",
      "Content-Length: ",
      "7",
      "a",
      ";",
      ":",
      "Transfer-Encoding: chunked",
    ),
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.uint8Array(), text)), (pieces) => {
      const outcome = read(pieces.map((piece) => Buffer.from(piece)));
      expect(outcome.done).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test("who is no HTTP server is known by its first bytes, and not by the deadline", () => {
  expect(readResponse(false).push(Buffer.from("220 smtp.example.org"))).toEqual({
    done: true,
    problem: "not an HTTP response",
  });
});

test.each([
  ["HTTP/1.0 200 OK\r\n\r\n", false, 17, { done: true, response: { status: 200, digest: undefined } }],
  [
    "HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
    false,
    16,
    { done: true, response: { status: 503, digest: undefined } },
  ],
  ["HTTP/1.0 200 OK\r\n\r\n", true, 257, { done: true, problem: "body longer than 256 MiB" }],
] as const)("%j without end, digest wanted: %s: over after %i MiB", (head, wantDigest, mebibytes, outcome) => {
  const reader = readResponse(wantDigest);
  const mebibyte = Buffer.alloc(1024 * 1024);
  let told = reader.push(Buffer.from(head));
  let read = 0;
  for (; !told.done && read < 300; read++) told = reader.push(mebibyte);
  expect([read, told]).toEqual([mebibytes, outcome]);
});

test("a flood of interim responses costs neither time nor memory", () => {
  const flood = Buffer.from("HTTP/1.1 100 \r\n\r\n".repeat(4000));
  const started = performance.now();
  for (let turn = 0; turn < 100; turn++) read([flood], false);
  expect(performance.now() - started).toBeLessThan(1000);
});

test.each([
  ["HTTP/1.0 200 OK\n\nbody", 200, "bare line feeds"],
  ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n", 404, "an interim response comes before the real one"],
  [`${"HTTP/1.1 103 \r\n\r\n".repeat(16)}HTTP/1.1 200 OK\r\n\r\n`, 200, "some of them are patience"],
  ["HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, "204 has no body"],
  ["HTTP/2 200\r\n\r\n", 200, "no reason phrase"],
])("%j is status %i", (text, status, _why) => {
  expect(read([Buffer.from(text)], false)).toEqual({ done: true, response: { status, digest: undefined } });
});

test.each([
  ["SSH-2.0-OpenSSH_9.2\r\n\r\n", "not an HTTP response"],
  ["SSH-2.0-OpenSSH_9.2", "not an HTTP response"],
  [`${"HTTP/1.1 100 \r\n\r\n".repeat(17)}HTTP/1.1 200 OK\r\n\r\n`, "more than 16 interim responses"],
  ["HTT", "response ends within its header"],
  ["HTTP/1.1 200 OK\r\nServer: x", "response ends within its header"],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "chunk size is no number"],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n", "chunk without end"],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "response ends within a chunk"],
  [`HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}`, "header longer than 64 KiB"],
])("%j is a failure: %s", (text, problem) => {
  expect(read([Buffer.from(text)])).toEqual({ done: true, problem });
});
