import { defineConfig } from "vitest/config";

const path = (relative: string): string => decodeURIComponent(new URL(relative, import.meta.url).pathname);

// The App is the host: what it already carries stays outside the bundle, under the globals that
// FiftyOne 1.22 puts on `window`.  `__three__` is not in its documented list, so the panel looks
// for it before it draws (see gap_explorer/web/sphere/useScene.ts).
const globals = {
  react: "React",
  recoil: "recoil",
  three: "__three__",
  "@fiftyone/operators": "__foo__",
  "@fiftyone/plugins": "__fop__",
  "@fiftyone/spaces": "__fosp__",
  "@fiftyone/state": "__fos__",
  "@fiftyone/utilities": "__fou__",
};

export default defineConfig({
  esbuild: { jsx: "transform" },
  // The panels' sources have no node_modules above them: this project is theirs too.
  resolve: {
    alias: Object.fromEntries(["react", "react-test-renderer", "three", "vitest"].map((name) => [name, path(`node_modules/${name}`)])),
  },
  define: { "process.env.NODE_ENV": JSON.stringify("production") },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    sourcemap: false,
    minify: "esbuild",
    lib: {
      entry: "index.tsx",
      name: "gapsphere",
      formats: ["umd"],
      fileName: () => "index.umd.js",
    },
    rollupOptions: {
      external: Object.keys(globals),
      output: { globals },
    },
  },
  test: {
    include: [path("../*/web/**/*.test.ts"), "shared/**/*.test.ts"],
    environment: "node",
    // React can be watched in its development build only.
    env: { NODE_ENV: "test" },
  },
});
