/**
 * Unit tests and simulation: they need no kernel, no privilege and no network.
 * `lab/` and `interop/` need a kernel of their own and run there (`lab/vitest.config.ts`).
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  cacheDir: ".cache/vite",
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/lab/**", "test/interop/**"],
    pool: "threads",
    isolate: false,
    maxWorkers: 2,
    restoreMocks: true,
  },
});
