// What was entered and waits for the station: how much, a list, and what to do with an entry that the station refused.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { discard, flush, retry, waiting, type QueueEntry } from "../api/queue";
import { dateTimeText } from "../i18n/instants";
import { numberText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { Dialog } from "../ui/dialog";
import { confirm } from "../ui/overlays";

/** A button with the number of entries that wait; nothing where none does. */
export function WaitingButton(): JSX.Element | null {
  const [open, setOpen] = useState(false);
  const entries = waiting.value;
  if (entries.length === 0) return null;
  const refused = entries.some(({ refusal }) => refusal !== null);
  return (
    <>
      <button type="button" class={refused ? "waiting refused" : "waiting"} onClick={() => setOpen(true)}>
        {translate(refused ? "waiting_refused" : "waiting_count", { count: numberText(entries.length, 0) })}
      </button>
      {open ? (
        <Dialog title={translate("waiting_title")} onClose={() => setOpen(false)}>
          <p class="note">{translate("waiting_about")}</p>
          <ul class="waiting-list">
            {entries.map((entry) => (
              <Entry key={entry.key} entry={entry} />
            ))}
          </ul>
          <div class="buttons">
            <button type="button" class="primary" onClick={() => void flush()}>
              {translate("waiting_send")}
            </button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}

function Entry({ entry }: { entry: QueueEntry }): JSX.Element {
  const drop = async (): Promise<void> => {
    const agreed = await confirm({ title: translate("waiting_discard"), text: entry.title, action: translate("waiting_discard") });
    if (agreed) await discard(entry.key);
  };
  return (
    <li data-waiting={entry.refusal === null ? "waiting" : "refused"}>
      <span>
        {entry.title} <span class="age">{dateTimeText(entry.madeMs)}</span>
      </span>
      {entry.refusal === null ? null : (
        <p class="error" role="alert">
          {translate("waiting_why", { why: entry.refusal })}
        </p>
      )}
      <div class="buttons">
        {entry.refusal === null ? null : (
          <button type="button" class="secondary" onClick={() => void retry(entry.key)}>
            {translate("retry")}
          </button>
        )}
        <button type="button" class="plain" onClick={() => void drop()}>
          {translate("waiting_discard")}
        </button>
      </div>
    </li>
  );
}
