// Runs the check of a public page on each proof of standard input, with as much of a browser as it asks for.
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";

const script = readFileSync(process.argv[2], "utf8");
const told = [];
for (const proof of JSON.parse(readFileSync(0, "utf8"))) {
  const nodes = {
    check: { dataset: { words: "{}" }, append: (...added) => nodes.added.push(...added) },
    proof: { textContent: proof },
    added: [],
  };
  globalThis.document = {
    getElementById: (id) => nodes[id],
    createElement: () => ({
      setAttribute: () => {},
      addEventListener(_, click) {
        this.click = click;
      },
    }),
  };
  runInThisContext(script);
  const [button, result] = nodes.added;
  await button.click();
  told.push(result.className);
}
console.log(JSON.stringify(told));
