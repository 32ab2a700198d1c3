import { defineConfig } from "vitest/config";

const path = (relative: string): string => decodeURIComponent(new URL(relative, import.meta.url).pathname);

// The App is the host: what it already carries stays outside the bundle, under the globals that
// FiftyOne 1.22 puts on `window`.  `__three__` is not in its documented list, so the panel looks
// for it before it draws (see hooks/useScene.ts).
const globals = {
  react: "React",
  recoil: "recoil",
  three: "__three__",
  "@fiftyone/operators": "__foo__",
  "@fiftyone/plugins": "__fop__",
  "@fiftyone/state": "__fos__",
  "@fiftyone/utilities": "__fou__",
};

export default defineConfig({
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  esbuild: { jsx: "transform" },
  build: {
    outDir: "../dist",
    emptyOutDir: true,
    sourcemap: false,
    minify: "esbuild",
    lib: {
      entry: "src/index.tsx",
      name: "gapsphere_gap_explorer",
      formats: ["umd"],
      fileName: () => "index.umd.js",
    },
    rollupOptions: {
      external: Object.keys(globals),
      output: { globals },
    },
  },
  // The other panels' sources have no node_modules above them: this project is theirs too.
  resolve: { alias: { vitest: path("node_modules/vitest") } },
  server: { fs: { allow: [path("../..")] } },
  test: {
    include: ["src/**/*.test.ts", path("../../{rationale_*,sparse_sampling}/web/src/**/*.test.ts")],
    environment: "node",
  },
});
