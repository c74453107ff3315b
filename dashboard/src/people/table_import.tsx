// Import of a table of the cooperative: a file, a preview with the fault of each row, and then all of it or none.

import "../i18n/cooperative";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { errorText, request } from "../api/request";
import { translate } from "../i18n/translate";
import { DropFile } from "../ui/drop_file";
import { ErrorText } from "../ui/error_text";
import { Working } from "../ui/loaded";
import { showToast } from "../ui/overlays";

export interface SeenTable {
  faults: { row: number; detail: string }[];
}

export interface TableImportProps<Seen extends SeenTable> {
  path: string;
  about: string;
  /** One sentence of what the table would add. */
  seenText: (seen: Seen) => string;
  isNew: (seen: Seen) => boolean;
  onStored: () => Promise<void>;
}

const MOST_BYTES = 8 * 1024 * 1024;
const MOST_FAULTS = 50;
const TIMEOUT_MS = 120_000;

export function TableImport<Seen extends SeenTable>({ path, about, seenText, isNew, onStored }: TableImportProps<Seen>): JSX.Element {
  const [file, setFile] = useState<File | null>(null);
  const [seen, setSeen] = useState<Seen | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const send = async (chosen: File, dryRun: boolean): Promise<Seen | null> => {
    setBusy(true);
    setError("");
    try {
      return await request<Seen>(path, { method: "POST", body: chosen, timeoutMs: TIMEOUT_MS, query: { dry_run: dryRun } });
    } catch (thrown) {
      setError(errorText(thrown) ?? "");
      return null;
    } finally {
      setBusy(false);
    }
  };
  const look = async (chosen: File): Promise<void> => {
    setFile(chosen);
    setSeen(null);
    setSeen(await send(chosen, true));
  };
  const store = async (): Promise<void> => {
    if (file === null || (await send(file, false)) === null) return;
    setSeen(null);
    showToast(translate("coop_import_done"));
    await onStored();
  };
  return (
    <div class="stack" data-panel="import-table">
      <p class="note">{about}</p>
      <DropFile types={[".csv", ".txt"]} maxBytes={MOST_BYTES} disabled={busy} onFiles={([chosen]) => chosen && void look(chosen)} />
      {busy ? <Working /> : null}
      <ErrorText error={error} />
      {seen === null ? null : (
        <div role="status">
          <p>{seenText(seen)}</p>
          <ul class="errors">
            {seen.faults.slice(0, MOST_FAULTS).map(({ row, detail }) => (
              <li key={`${row} ${detail}`}>{translate("coop_import_row", { row, detail })}</li>
            ))}
          </ul>
          <button
            type="button"
            class="primary"
            data-act="store"
            disabled={busy || seen.faults.length > 0 || !isNew(seen)}
            onClick={() => void store()}
          >
            {translate("coop_import_store")}
          </button>
        </div>
      )}
    </div>
  );
}
