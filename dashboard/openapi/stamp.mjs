// Write into schema.d.ts of which document it was made, so that a test can say when it is stale.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const digest = createHash("sha256").update(readFileSync("../openapi.json")).digest("hex");
const types = readFileSync("../src/api/schema.d.ts", "utf-8");
writeFileSync("../src/api/schema.d.ts", `// Made by \`npm run api\` of openapi.json, sha256 ${digest}.\n${types}`);
