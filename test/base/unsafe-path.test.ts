import { expect, test } from "vitest";
import { unsafeAt } from "../../src/base/unsafe-path.ts";

test.each([
  ["root's alone", { uid: 0, mode: 0o755, isFolder: true }, undefined],
  ["of somebody else", { uid: 7, mode: 0o755, isFolder: false }, "belongs to user 7, not root; chown root /x"],
  ["of a group", { uid: 0, mode: 0o775, isFolder: false }, "can be written by its group; chmod g-w /x"],
  ["of everybody", { uid: 0, mode: 0o757, isFolder: true }, "can be written by everybody; chmod o-w /x"],
  ["of both", { uid: 0, mode: 0o777, isFolder: true }, "can be written by everybody; chmod og-w /x"],
  [
    "a sticky folder stays as it is",
    { uid: 0, mode: 0o1777, isFolder: true },
    "can be written by everybody; move the script to a folder of root, such as /usr/local/sbin",
  ],
])("%s", (_, entry, expected) => {
  const found = unsafeAt("/x", entry);
  expect(found && `${found.problem}; ${found.remedy}`).toBe(expected);
});
