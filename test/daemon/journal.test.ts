import { expect, test } from "vitest";
import { NO_KEYS, openJournal, parseJournal } from "../../src/daemon/journal.ts";

function setUp(text?: string) {
  const written: string[] = [];
  const warnings: string[] = [];
  let failing: string | undefined;
  const file = {
    path: "/run/vipd/journal.json",
    read: () => text,
    write(next: string) {
      if (failing !== undefined) throw Object.assign(new Error(), { code: failing });
      written.push(next);
    },
  };
  const journal = openJournal(file, (reason) => warnings.push(reason));
  const onDisk = () => parseJournal(written.at(-1) ?? text ?? "");
  return { journal, written, warnings, onDisk, fail: (code: string) => (failing = code) };
}

const A = "eth0 192.0.2.9/24";
const B = "eth0 192.0.2.10/24";
const WEB = "tcp 192.0.2.9:80";

test("what may be created is on disk before claim returns", () => {
  const { journal, onDisk } = setUp();
  journal.claim({ addresses: [A], services: [WEB] });
  expect(onDisk()).toEqual({ addresses: [A], services: [WEB] });
});

test("claims add up, also with those of an earlier run; keep forgets the rest", () => {
  const { journal, onDisk } = setUp('{"version":1,"addresses":["eth1 10.0.0.1/8"],"services":[]}');
  journal.claim({ addresses: [A], services: [] });
  journal.claim({ addresses: [B], services: [WEB] });
  expect(onDisk()).toEqual({ addresses: ["eth1 10.0.0.1/8", A, B], services: [WEB] });
  journal.keep({ addresses: [B], services: [WEB] });
  expect(onDisk()).toEqual({ addresses: [B], services: [WEB] });
  expect(journal.ours()).toEqual(onDisk());
});

test("keep never adds: what was not claimed is not ours", () => {
  const { journal, onDisk } = setUp();
  journal.claim({ addresses: [A], services: [] });
  journal.keep({ addresses: [A, B], services: [WEB] });
  expect(onDisk()).toEqual({ addresses: [A], services: [] });
});

test("an adopted address is not ours, whatever is claimed later", () => {
  const { journal, onDisk } = setUp();
  journal.claim({ addresses: [A, B], services: [] });
  journal.disown(A);
  expect(onDisk()?.addresses).toEqual([B]);
  journal.claim({ addresses: [A, B], services: [] });
  expect(onDisk()?.addresses).toEqual([B]);
});

test("the namespace of the last claim is kept, for whoever sweeps later", () => {
  const { journal, onDisk } = setUp();
  journal.claim({ addresses: [A, B], services: [], namespace: "blue" });
  journal.keep({ addresses: [A], services: [] });
  expect(onDisk()).toEqual({ addresses: [A], services: [], namespace: "blue" });
  journal.claim({ addresses: [A], services: [] });
  expect(onDisk()).toEqual({ addresses: [A], services: [] });
});

test("the namespace of the virtual services is kept too, also the empty one, which is where vipd was started", () => {
  const { journal, onDisk } = setUp();
  journal.claim({ addresses: [], services: [WEB], namespace: "blue", ipvsNamespace: "" });
  journal.keep({ addresses: [], services: [WEB] });
  expect(onDisk()).toEqual({ addresses: [], services: [WEB], namespace: "blue", ipvsNamespace: "" });
});

test("links on which promotion was off: they add up, and only those named are kept; journals without them are read", () => {
  const { journal, onDisk } = setUp('{"version":1,"addresses":[],"services":[]}');
  journal.claim({ addresses: [A], services: [], promoted: ["eth0"] });
  journal.claim({ addresses: [A], services: [], promoted: ["eth1"] });
  expect(onDisk()).toEqual({ addresses: [A], services: [], promoted: ["eth0", "eth1"] });
  journal.keep({ addresses: [A], services: [], promoted: ["eth1", "eth2"] });
  expect(onDisk()).toEqual({ addresses: [A], services: [], promoted: ["eth1"] });
  journal.keep(NO_KEYS);
  expect(onDisk()).toEqual(NO_KEYS);
});

test("nothing is written when nothing changes", () => {
  const { journal, written } = setUp();
  journal.claim({ addresses: [A], services: [] });
  journal.claim({ addresses: [A], services: [] });
  expect(written).toHaveLength(1);
});

test("a journal that cannot be written forbids the change, and nothing is ours that is not on disk", () => {
  const { journal, fail } = setUp();
  fail("ENOSPC");
  expect(() => journal.claim({ addresses: [A], services: [] })).toThrow(
    "Cannot write the journal /run/vipd/journal.json: ENOSPC; make room on its file system, or name another folder with --run-dir",
  );
  expect(journal.ours()).toEqual(NO_KEYS);
});

test.each(["{", "[]", '{"addresses":[1],"services":[]}', "null"])(
  "a damaged journal (%s) is told and taken for empty",
  (text) => {
    const { journal, warnings } = setUp(text);
    expect(journal.ours()).toEqual(NO_KEYS);
    expect(warnings).toEqual([
      "The journal /run/vipd/journal.json cannot be understood; what an earlier run left in the kernel is not known",
    ]);
  },
);
