// Files that the page makes: a download without a request.

const REVOKE_MS = 60_000;

/** Offer a file to the user. */
export function saveFile(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_MS);
}

/** Return a text as a name of a file on every system. */
export function fileName(text: string): string {
  return text.replace(/[\\/:*?"<>|\s]+/g, "-").slice(0, 80);
}

/** Return a text as a cell of a CSV file. */
export function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
