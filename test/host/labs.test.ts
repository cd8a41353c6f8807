/** Labs of two runs at once, each with process ids of its own: what one of them ends is its own. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Process, startProcess } from "../lab/process.ts";

const PROGRAM = `
  import { createLab } from ${JSON.stringify(join(import.meta.dirname, "../lab/net.ts"))};
  const lab = await createLab();
  const node = await lab.node("director");
  const { exited } = node.start(["sleep", "1000"]);
  exited.then(() => console.log("killed"));
  console.log("works");
  process.stdin.once("data", async () => {
    await lab.close();
    console.log("closed");
    process.exit(0);
  });
`;

/** As a run of the tests or of the bench is started. */
function startRun(): Process {
  const script = 'mount -t tmpfs tmpfs /run && exec "$@"';
  const program = [process.execPath, "--input-type=module", "-e", PROGRAM];
  return startProcess([
    "unshare",
    "--net",
    "--mount-proc",
    "--pid",
    "--fork",
    "--kill-child",
    "sh",
    "-c",
    script,
    "sh",
    ...program,
  ]);
}

test("a lab that closes kills no process of a lab of another run", async () => {
  const [one, other] = [startRun(), startRun()];
  await one.line(/^works$/);
  await other.line(/^works$/);
  other.say("close");
  await other.line(/^closed$/);
  await new Promise((done) => setTimeout(done, 200));
  expect(one.lines.map(({ text }) => text)).toEqual(["works"]);
  one.say("close");
  await one.line(/^closed$/);
});
