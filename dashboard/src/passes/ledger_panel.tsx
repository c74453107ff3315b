// Ledger of a field: its entries, their check, and the entry of a pass.

import "../i18n/field";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { askAuthors } from "../api/authors";
import { api, cursorQuery, listAll } from "../api/client";
import { may } from "../api/may";
import { errorText, request } from "../api/request";
import { useView } from "../app/mount";
import { Progress } from "../components/progress";
import type { MapSettings } from "../field/records";
import { dateTimeText } from "../i18n/instants";
import { numberText } from "../i18n/numbers";
import { authorText, term, translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { CaptionedTable, useAsked } from "./parts";

const TIMEOUT_MS = 120_000;
const HASH_LETTERS = 12;

interface LedgerProps {
  field: string;
  /** Null where no pass can be recorded. */
  pass: string | null;
  settings: () => MapSettings;
  onFail: () => void;
}

interface LedgerCheck {
  entries: number;
  whole: boolean;
  broken_at: number | null;
  hash: string;
}

export function Ledger({ field, pass, settings, onFail }: LedgerProps): JSX.Element {
  const { signal } = useView();
  const [status, setStatus] = useState("");
  const running = useMemo(() => new Progress(), []);
  const {
    answer: entries,
    progress,
    again,
  } = useAsked(
    async (left) => {
      const listed = await listAll((cursor) =>
        api.GET("/v1/ledger", { params: { query: { field, ...cursorQuery(cursor) } }, signal: left }),
      );
      await askAuthors(listed.map(({ who }) => who));
      return listed;
    },
    [],
    onFail,
  );
  const check = async (): Promise<void> => {
    const result = await request<LedgerCheck>("/v1/ledger/check", { signal, timeoutMs: TIMEOUT_MS });
    setStatus(
      result.whole
        ? translate("field_ledger_intact", { n: numberText(result.entries, 0), hash: result.hash.slice(0, HASH_LETTERS) || "—" })
        : translate("field_ledger_broken", { seq: result.broken_at ?? "?" }),
    );
  };
  const close = async (): Promise<void> => {
    const query = { ...settings() };
    await request(`/v1/passes/${encodeURIComponent(pass ?? "")}/close`, { method: "POST", timeoutMs: TIMEOUT_MS, query });
    setStatus(translate("field_ledger_written"));
    await again();
  };
  const run = (task: () => Promise<void>) => (): void =>
    void running.run(task).catch((error: unknown) => setStatus(errorText(error) ?? ""));
  if (entries === null) return progress;
  return (
    <>
      {entries.length === 0 ? (
        <p class="note">{translate("field_ledger_empty")}</p>
      ) : (
        <CaptionedTable
          caption={translate("field_ledger")}
          heads={[
            "#",
            translate("time"),
            translate("field_ledger_entry"),
            translate("field_ledger_author"),
            "SHA-256",
            translate("field_ledger_content"),
          ]}
          rows={entries.map((entry) => [
            String(entry.seq),
            dateTimeText(entry.time_ms),
            term("ledger_entries", entry.kind),
            authorText(entry.who),
            <code key="hash" title={entry.hash}>{`${entry.hash.slice(0, HASH_LETTERS)}…`}</code>,
            <details key="body">
              <summary>JSON</summary>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys. */}
              <pre class="entry" tabIndex={0}>
                {indented(entry.body)}
              </pre>
            </details>,
          ])}
        />
      )}
      <div class="choices-row">
        <button type="button" class="secondary" data-act="check" onClick={run(check)}>
          {translate("field_ledger_check")}
        </button>
        {pass === null || !may("post", "/v1/passes/{pass_id}/close") ? null : (
          <button type="button" class="secondary" data-act="close" onClick={run(close)}>
            {translate("field_ledger_close")}
          </button>
        )}
      </div>
      <DomNode node={running.element} />
      {progress}
      <p role="status" class="note">
        {status}
      </p>
    </>
  );
}

function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 1);
  } catch {
    return body;
  }
}
