import { expect, test } from "vitest";
import { spanned } from "../../src/daemon/reloads.ts";

function setUp() {
  const story: string[] = [];
  const runs: PromiseWithResolvers<string>[] = [];
  const reload = spanned(
    () => {
      const run = Promise.withResolvers<string>();
      runs.push(run);
      return run.promise;
    },
    { begun: () => story.push("reloading"), over: () => story.push("running") },
  );
  return { story, runs, reload };
}

test("two reloads at once: running again only when the last of them has ended", async () => {
  const { story, runs, reload } = setUp();
  const first = reload();
  const second = reload();
  expect(story).toEqual(["reloading"]);
  runs[0]?.resolve("one");
  expect(await first).toBe("one");
  expect(story).toEqual(["reloading"]);
  runs[1]?.resolve("two");
  expect(await second).toBe("two");
  expect(story).toEqual(["reloading", "running"]);
});

test("one that fails ends the span too, and the next one begins another", async () => {
  const { story, runs, reload } = setUp();
  const first = reload();
  runs[0]?.reject(new Error("our bug"));
  await expect(first).rejects.toThrow("our bug");
  const second = reload();
  runs[1]?.resolve("two");
  await second;
  expect(story).toEqual(["reloading", "running", "reloading", "running"]);
});
