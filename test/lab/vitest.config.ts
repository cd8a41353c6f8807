/** Tests that need a kernel of their own: in the lab's guest, or (test/host) in namespaces of a host. One after another. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  cacheDir: ".cache/vite-lab",
  test: {
    include: ["test/lab/**/*.test.ts", "test/interop/**/*.test.ts", "test/host/**/*.test.ts"],
    pool: "threads",
    isolate: false,
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
