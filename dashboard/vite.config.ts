import { defineConfig } from "vite";

// The built files lie beside the routes that serve them and are committed: running a farm needs no Node.
export default defineConfig({
  base: "/dashboard/",
  build: {
    outDir: "../api/dashboard",
    emptyOutDir: true,
    // Everything is a file of its own: the page's policy allows no script that is written into it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    chunkSizeWarningLimit: 1300,
    rolldownOptions: {
      input: { index: "index.html", docs: "docs.html" },
      // How fast plugins are on a busy machine is nobody's concern.
      checks: { pluginTimings: false },
    },
  },
  server: {
    proxy: Object.fromEntries(["/v1", "/openapi.json", "/docs", "/page"].map((path) => [path, "http://127.0.0.1:8000"])),
  },
});
