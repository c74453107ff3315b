import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import { notices } from "./notices.mjs";

/** Groups of the shared terms that only the API uses: it answers errors in the language of the page. */
const SERVER_TERMS = ["account_entries", "form_fields", "problems"];

/** Leaves the terms out that the page does not need. */
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
/** Writes `sw.js`, with the names of the files of this build: it stores them, so that the page opens without a network. */
const serviceWorker: Plugin = {
  name: "service-worker",
  enforce: "post",
  generateBundle(_, bundle) {
    const files = [...Object.keys(bundle), ...readdirSync("public")].filter((name) => !/^docs|docs-|\.(map|html|txt)$/.test(name)).sort();
    const source = readFileSync("service_worker.js", "utf-8");
    const version = createHash("sha256").update(source).update(files.join()).digest("hex").slice(0, 12);
    const paths = files.map((name) => JSON.stringify(`/dashboard/${name}`)).join(", ");
    this.emitFile({ type: "asset", fileName: "sw.js", source: source.replace("__VERSION__", version).replace('"__FILES__"', paths) });
  },
};

export default defineConfig({
  plugins: [pageTerms, serviceWorker, notices],
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
      // What every page needs is one file: on a slow network each further one waits for its turn.
      output: {
        codeSplitting: {
          groups: [
            // The first page, with what it imports and is not below.
            { name: "first", test: /src\/pages\/today\.tsx$/, priority: 1 },
            {
              priority: 2,
              name: "base",
              test: /node_modules\/(preact|@preact|@tanstack|openapi-fetch)\/|i18n\/(common|ui|catalogue|translate|preferences|numbers|quantities|instants)\.ts|terms\.json|src\/(api|app)\/|components\/dom\.ts|ui\/(dom_node|loaded|overlays|unique_id)\.tsx?/,
            },
          ],
        },
      },
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
