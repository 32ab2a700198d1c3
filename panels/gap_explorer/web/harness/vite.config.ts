import { defineConfig } from "vite";

export default defineConfig({ esbuild: { jsx: "transform" }, server: { port: 5733 } });
