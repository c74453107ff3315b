// Files that are dropped anywhere on the page: they go to the import of logs and tables, unless a panel takes them.

import { signal } from "@preact/signals";
import { hrefOf } from "./address";

/** Files that wait for the import's panel. */
export const droppedFiles = signal<readonly File[]>([]);

/** Return the files that wait, once. */
export function takeDropped(): readonly File[] {
  const files = droppedFiles.value;
  if (files.length > 0) droppedFiles.value = [];
  return files;
}

/** Take files that no panel takes; without this the browser would leave the page and open the file. */
export function acceptDroppedFiles(): void {
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
  window.addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  window.addEventListener("drop", (event) => {
    if (event.defaultPrevented || !hasFiles(event)) return;
    event.preventDefault();
    droppedFiles.value = [...(event.dataTransfer?.files ?? [])];
    location.hash = hrefOf("health", { tab: "import" });
  });
}
