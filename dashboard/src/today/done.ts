// What a person says to be done, and takes back: recorded by the station, kept on this device while it is away. It is never "applied".

import { useState } from "preact/hooks";
import { newKey } from "../api/idempotency";
import { queries, reload } from "../api/query";
import { discard, sendOrKeep, waiting, type QueueEntry } from "../api/queue";
import { errorText } from "../api/request";
import { translate } from "../i18n/translate";
import "../i18n/today";
import { textOf, type Row, type Today } from "./records";

export const DONE = "/v1/today/done" as const;
export const TODAY = "/v1/today" as const;

/** What of a row waits to be sent: the action that was done, or that it is taken back. */
export function waitingOf(row: Row): { done: QueueEntry | null; undo: QueueEntry | null } {
  const entries = waiting.value.filter(({ refusal }) => refusal === null);
  const done = entries.find(({ path, body }) => {
    const { id, action } = (body ?? {}) as { id?: string; action?: string };
    return path === DONE && id === row.id && action === row.action?.id;
  });
  const undo = entries.find(({ method, path }) => method === "DELETE" && path === pathOf(row.confirmed?.id ?? ""));
  return { done: done ?? null, undo: undo ?? null };
}

export interface Confirming {
  /** True while the station answers. */
  isSending: boolean;
  error: string | null;
  confirm: () => Promise<void>;
  takeBack: () => Promise<void>;
}

/** Prepare Done and Undo of a row's action. */
export function useConfirming(row: Row): Confirming {
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const send = async (task: () => Promise<void>): Promise<void> => {
    if (isSending) return;
    setSending(true);
    setError(null);
    try {
      await task();
    } catch (thrown) {
      setError(errorText(thrown));
    }
    setSending(false);
  };
  return {
    isSending,
    error,
    confirm: () =>
      send(async () => {
        const { action, kind, id } = row;
        if (action === null) return;
        const title = translate("today_kept_done", { text: `${row.name}, ${textOf(action)}` });
        await show(await sendOrKeep({ method: "POST", path: DONE, body: { kind, id, action: action.id }, title }, newKey()));
      }),
    takeBack: () =>
      send(async () => {
        const { done } = waitingOf(row);
        if (done !== null) return discard(done.key);
        if (row.confirmed === null) return;
        const title = translate("today_kept_undo", { text: `${row.name}, ${textOf(row.confirmed)}` });
        await show(await sendOrKeep({ method: "DELETE", path: pathOf(row.confirmed.id), title }, newKey()));
      }),
  };
}

/** Show the row that the station answers with, and ask for what follows of it: sentence, counts, log. */
async function show(answer: Response | "kept"): Promise<void> {
  if (answer === "kept") return;
  await queries.cancelQueries({ queryKey: [TODAY] });
  if (answer.status !== 204) {
    const changed = (await answer.json()) as Row;
    queries.setQueriesData<Today>({ queryKey: [TODAY] }, (known) =>
      known === undefined
        ? known
        : { ...known, rows: known.rows.map((each) => (each.kind === changed.kind && each.id === changed.id ? changed : each)) },
    );
  }
  await reload(TODAY);
}

function pathOf(id: string): string {
  return `${DONE}/${encodeURIComponent(id)}`;
}
