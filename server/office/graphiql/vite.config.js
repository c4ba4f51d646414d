import { defineConfig } from "vite";

export default defineConfig({
  base: "/office/static/graphiql/",
  worker: { format: "es" },
  build: {
    manifest: "manifest.json", target: "es2022", sourcemap: false,
    modulePreload: { polyfill: false }, assetsInlineLimit: 0, rollupOptions: { input: "src/main.jsx" },
  },
});
