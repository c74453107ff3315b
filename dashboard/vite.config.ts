import { defineConfig, type Plugin } from "vite";

/** Groups of the shared catalogue that only the API uses: it answers errors in the language of the page. */
const SERVER_TERMS = ["form_fields", "problems"];

/** Leaves the terms out that only the API uses. */
const pageTerms: Plugin = {
  name: "page-terms",
  enforce: "pre",
  transform(code, id) {
    if (!id.endsWith("/i18n/terms.json")) return null;
    const groups = Object.entries(JSON.parse(code)).filter(([group]) => !SERVER_TERMS.includes(group));
    return { code: JSON.stringify(Object.fromEntries(groups)), map: null };
  },
};

// The built files are beside the routes that serve them and are committed: running a farm needs no Node.
export default defineConfig({
  plugins: [pageTerms],
  base: "/dashboard/",
  build: {
    outDir: "../api/dashboard",
    emptyOutDir: true,
    // No inlined assets: the page's content security policy allows no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    chunkSizeWarningLimit: 1300,
    rolldownOptions: {
      input: { index: "index.html", docs: "docs.html" },
      // Timings of plugins depend on the machine's load.
      checks: { pluginTimings: false },
    },
  },
  server: {
    // The catalogue of terms is outside this folder.
    fs: { allow: [".", "../headland/i18n"] },
    proxy: Object.fromEntries(["/v1", "/openapi.json", "/docs", "/page"].map((path) => [path, "http://127.0.0.1:8000"])),
  },
});
