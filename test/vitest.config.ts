/**
 * Unit tests and simulation: they need no kernel, no privilege and no network.
 * `lab/`, `interop/` and `host/` need a kernel or namespaces of their own (`lab/vitest.config.ts`).
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  cacheDir: ".cache/vite",
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/lab/**", "test/interop/**", "test/host/**"],
    pool: "threads",
    isolate: false,
    maxWorkers: 2,
    restoreMocks: true,
  },
});
