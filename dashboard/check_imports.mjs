// Fails if modules of src/ import one another in a circle, if a folder imports one above it, or if a module uses texts that it does not import.
// Order of the folders, from the lowest: what a folder imports is further down, or in the same rank's own folder.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const ROOT = "src";
const FOLDERS = [
  ["i18n"],
  ["api"],
  ["components"],
  ["ui"],
  ["app"],
  ["answers"],
  ["weather"],
  ["notes", "doubts", "today"],
  ["house", "people", "sensors"],
  ["alarms", "farm", "field", "greenhouse", "harvest", "health", "imports", "settings"],
  ["disputes", "passes", "plan", "yields"],
  ["cooperative", "trials"],
  ["pages"],
  ["."],
];

const files = readdirSync(ROOT, { recursive: true })
  .filter((name) => /\.tsx?$/.test(name))
  .map(normalize);
const known = new Set(files);

/** Return the modules of src/ that `file` imports, types included. */
function importsOf(file) {
  const source = readFileSync(join(ROOT, file), "utf-8");
  const targets = [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"(\.[^"]*)"/g)].map(([, target]) =>
    normalize(join(dirname(file), target)),
  );
  return targets.flatMap((target) =>
    [`${target}.ts`, `${target}.tsx`, `${target}.d.ts`, join(target, "index.ts")].filter((name) => known.has(name)),
  );
}

const imports = new Map(files.map((file) => [file, importsOf(file)]));
const errors = [];

const finished = new Set();
function visit(file, path) {
  if (path.includes(file)) errors.push(`circle: ${[...path.slice(path.indexOf(file)), file].join(" -> ")}`);
  else if (!finished.has(file)) for (const target of imports.get(file)) visit(target, [...path, file]);
  finished.add(file);
}
for (const file of files) visit(file, []);

const rankOf = (file) => FOLDERS.findIndex((folders) => folders.includes(dirname(file)));
for (const file of files) {
  if (rankOf(file) < 0) errors.push(`${file}: add its folder to FOLDERS`);
  for (const target of imports.get(file)) {
    const allowed = dirname(target) === dirname(file) || rankOf(target) < rankOf(file);
    if (!allowed) errors.push(`${file} must not import ${target}`);
  }
}

// A text is loaded with its catalogue: a module that names a key of a page's catalogue imports it. The shell loads the others.
const catalogueOf = new Map();
for (const file of files.filter((name) => dirname(name) === "i18n" && !/\/(common|ui)\.ts$/.test(name))) {
  for (const [, key] of readFileSync(join(ROOT, file), "utf-8").matchAll(/^ {2}(\w+): \[/gm)) catalogueOf.set(key, file);
}
for (const file of files.filter((name) => dirname(name) !== "i18n")) {
  const named = [...readFileSync(join(ROOT, file), "utf-8").matchAll(/"(\w+)"/g)].map(([, text]) => catalogueOf.get(text));
  for (const missing of new Set(named)) {
    if (missing !== undefined && !imports.get(file).includes(missing)) errors.push(`${file} must import ${missing}: it uses its texts`);
  }
}

for (const error of errors) console.error(error);
console.log(`${files.length} modules, ${[...imports.values()].flat().length} imports, ${errors.length} errors`);
process.exitCode = errors.length > 0 ? 1 : 0;
