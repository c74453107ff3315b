// Download buttons. The file is requested with progress, so that a long wait and an error are visible.

import type { JSX } from "preact";
import { requestResponse, type RequestOptions } from "../api/request";
import { translate } from "../i18n/translate";
import { saveFile } from "./files";
import { TaskLine, useTask } from "./task";

const TIMEOUT_MS = 600_000;

interface FileButtonProps {
  text: string;
  path: string;
  /** What the saved file is called. */
  name: string;
  options?: RequestOptions;
  /** Whether it is what the page is for. */
  main?: boolean;
}

/** A button that downloads `path` as a file. */
export function FileButton({ text, path, name, options = {}, main = false }: FileButtonProps): JSX.Element {
  const task = useTask();
  const save = async (): Promise<void> => {
    const file = await task.run((report) => requestFile(path, options, report), translate("done"));
    if (file !== null) saveFile(file, name);
  };
  return (
    <span class="file">
      <button type="button" class={main ? "primary" : "secondary"} data-file={name} disabled={task.running} onClick={() => void save()}>
        {text}
      </button>
      <TaskLine task={task} />
    </span>
  );
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
