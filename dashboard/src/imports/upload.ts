// Handing a file over in parts: goes on where it was lost, also after the page was closed, and checks the whole by its digest.

import { ApiError, request } from "../api/request";
import { newKey } from "../api/idempotency";
import type { FileImport, ImportList } from "./records";
import { Sha256 } from "./sha256";

const PART_TIMEOUT_MS = 60_000;
const FINISH_TIMEOUT_MS = 120_000;
const WAITS_MS = [1000, 2000, 5000, 10_000];

export interface UploadState {
  /** Part of the file that is there, 0..1. */
  share: number;
  /** Whether the station is not reached at the moment. */
  lost: boolean;
}

/** Hand a file over; returns the import once the station has checked it. Throws `ApiError`, and on `signal`. */
export async function handOver(file: File, onState: (state: UploadState) => void, signal: AbortSignal): Promise<FileImport> {
  const begun = await beginOrResume(file, signal);
  const here = new Set(begun.parts);
  const count = Math.ceil(file.size / begun.part_bytes);
  const digest = new Sha256();
  for (let number = 1; number <= count; number += 1) {
    const part = file.slice((number - 1) * begun.part_bytes, number * begun.part_bytes);
    digest.add(new Uint8Array(await part.arrayBuffer()));
    if (!here.has(number)) {
      await untilReached(
        (lost) => onState({ share: (number - 1) / count, lost }),
        () =>
          request(`/v1/imports/${begun.id}/parts/${number}`, {
            method: "PUT",
            body: part,
            headers: { "Content-Type": "application/octet-stream" },
            timeoutMs: PART_TIMEOUT_MS,
            signal,
          }),
        signal,
      );
    }
    onState({ share: number / count, lost: false });
  }
  const sha256 = digest.end();
  return untilReached(
    (lost) => onState({ share: 1, lost }),
    () => request<FileImport>(`/v1/imports/${begun.id}/finish`, { method: "POST", body: { sha256 }, timeoutMs: FINISH_TIMEOUT_MS, signal }),
    signal,
  );
}

/** Go on with an import of the same file that was not completed, else begin one. */
async function beginOrResume(file: File, signal: AbortSignal): Promise<FileImport> {
  const { items } = await request<ImportList>("/v1/imports", { signal });
  const open = items.find((each) => each.state === "receiving" && each.name === file.name && each.bytes === file.size);
  if (open !== undefined) return open;
  return request<FileImport>("/v1/imports", {
    method: "POST",
    body: { name: file.name.slice(-200), bytes: file.size },
    headers: { "Idempotency-Key": newKey() },
    signal,
  });
}

/** Repeat a request while the station cannot be reached, is busy or restarts. */
async function untilReached<T>(onLost: (lost: boolean) => void, send: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const passing =
        error instanceof ApiError && (error.status === 0 || error.status === 408 || error.status === 429 || error.status >= 500);
      if (!passing || signal.aborted) throw error;
      onLost(true);
      await new Promise((resolve) => setTimeout(resolve, WAITS_MS[Math.min(attempt, WAITS_MS.length - 1)]));
      signal.throwIfAborted();
    }
  }
}
