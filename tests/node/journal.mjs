/** Journal of a server, as tests/services/foreign_servers/journal.py: each number is written before it is sent. */

import { appendFileSync, existsSync, readFileSync } from "node:fs";

const FIRST = 400;

export class Journal {
  constructor(path) {
    this.path = path;
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    // The last line may be cut by a kill: it ends here, so that the next one is whole.
    const lines = text.split("\n").slice(0, -1);
    if (text && !text.endsWith("\n")) appendFileSync(path, "\n");
    this.next = lines.length ? Number(lines.at(-1).split(" ")[0]) + 1 : FIRST;
  }

  /** Return the next number, once it is written. */
  take() {
    appendFileSync(this.path, `${this.next} ${(Date.now() / 1000).toFixed(6)}\n`);
    return this.next++;
  }
}
