import { defineConfig } from "vite";
import { shared } from "../vite.config";

export default defineConfig(shared);
