// Download buttons. The file is requested with progress, so that a long wait and an error are visible.

import { requestResponse, type RequestOptions } from "../api/request";
import { translate } from "../i18n/translate";
import { make } from "./dom";
import { saveFile } from "./files";
import { Progress } from "./progress";

const TIMEOUT_MS = 600_000;

/** Return a button that downloads `path` as a file called `name`. */
export function fileButton(text: string, path: string, name: string, options: RequestOptions = {}): HTMLElement {
  const progress = new Progress();
  const button = make("button", { type: "button", class: "secondary", "data-file": name });
  button.append(text);
  button.addEventListener("click", () => {
    button.disabled = true;
    void progress
      .run((report) => requestFile(path, options, report), translate("done"))
      .then((file) => {
        button.disabled = false;
        if (file !== null) saveFile(file, name);
      });
  });
  return make("span", { class: "file" }, button, progress.element);
}

async function requestFile(path: string, options: RequestOptions, report: (share: number) => void): Promise<Blob> {
  const response = await requestResponse(path, { timeoutMs: TIMEOUT_MS, ...options, headers: { Accept: "*/*", ...options.headers } });
  const size = Number(response.headers.get("Content-Length") ?? 0);
  const reader = response.body?.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let received = 0;
  for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
    parts.push(chunk.value);
    received += chunk.value.byteLength;
    if (size > 0) report(Math.min(1, received / size));
  }
  return new Blob(parts, { type: response.headers.get("Content-Type") ?? "application/octet-stream" });
}
