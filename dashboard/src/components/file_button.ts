// Files from the station: asked for with progress, so that long work is seen to go on and its error is read.

import { askResponse, type AskOptions } from "../api/request";
import { word } from "../i18n/translate";
import { make } from "./dom";
import { Progress } from "./progress";

const PATIENCE_MS = 600_000;

/** Return a button that fetches `path` and gives it to the person as a file. */
export function fileButton(text: string, path: string, name: string, options: AskOptions = {}): HTMLElement {
  const progress = new Progress();
  const button = make("button", { type: "button", class: "secondary", "data-file": name });
  button.append(text);
  button.addEventListener("click", () => {
    button.disabled = true;
    void progress.run((tell) => fetchFile(path, options, tell), word("done")).then((file) => {
      button.disabled = false;
      if (file !== null) save(file, name);
    });
  });
  return make("span", { class: "file" }, button, progress.element);
}

async function fetchFile(path: string, options: AskOptions, tell: (share: number) => void): Promise<Blob> {
  const response = await askResponse(path, { patienceMs: PATIENCE_MS, ...options, headers: { Accept: "*/*", ...options.headers } });
  const whole = Number(response.headers.get("Content-Length") ?? 0);
  const reader = response.body?.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let taken = 0;
  for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
    parts.push(chunk.value);
    taken += chunk.value.byteLength;
    if (whole > 0) tell(Math.min(1, taken / whole));
  }
  return new Blob(parts, { type: response.headers.get("Content-Type") ?? "application/octet-stream" });
}

function save(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
