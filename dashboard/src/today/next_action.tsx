// The one next action of a house or field: what, until when and why, with Done and Undo.

import type { JSX } from "preact";
import { may } from "../api/may";
import { hrefOfThing } from "../app/address";
import { formatInstant } from "../i18n/instants";
import { translate } from "../i18n/translate";
import "../i18n/today";
import { DONE, useConfirming, waitingOf } from "./done";
import { currentLanguageOf, textOf, type Action, type Row } from "./records";

/** For so long Undo stands where Done was: a second tap must not confirm what follows. */
const UNDO_MS = 120_000;

interface NextActionProps {
  row: Row;
  nowMs: number;
  zone: string;
  /** Whether the rest of the row is open; without `onOpen` there is no rest. */
  isOpen: boolean;
  onOpen: (() => void) | null;
}

/** What is recorded of a row: as the station says it, or as it waits on this device. */
export function isConfirmed(row: Row): boolean {
  const { done, undo } = waitingOf(row);
  return done !== null || (row.confirmed !== null && undo === null);
}

export function NextAction({ row, nowMs, zone, isOpen, onOpen }: NextActionProps): JSX.Element {
  const { isSending, error, confirm, takeBack } = useConfirming(row);
  const { done: kept, undo } = waitingOf(row);
  const { action, confirmed } = row;
  const isRecorded = confirmed !== null && undo === null;
  const isNextDue = isRecorded && kept === null && action !== null && nowMs - confirmed.time_ms > UNDO_MS;
  const isUndo = kept !== null || (isRecorded && !isNextDue);
  const recorded = isRecorded ? { ...confirmed, time: formatInstant(confirmed.time_ms, CLOCK, zone) } : null;
  const doing = action === null ? textOf(row.quiet) : textOf(action);
  const reason = action === null ? "" : currentLanguageOf(action.reason, action.reason_zh);
  const isQuiet = recorded === null && kept === null;
  const words = kept === null && recorded !== null && action !== null ? translate("today_then", { text: doing }) : doing;
  const hasButton = (action !== null || isUndo) && may("post", DONE);
  const subject = isUndo && recorded !== null && kept === null ? textOf(recorded) : doing;
  return (
    <>
      <div class="say" aria-live="polite">
        {onOpen === null ? (
          <span class="do">{words}</span>
        ) : (
          <button type="button" class="open-row" aria-expanded={isOpen} onClick={onOpen}>
            <span class="do">
              {words}
              <span class="more" aria-hidden="true">
                {isOpen ? " ▾" : " ›"}
              </span>
            </span>
            <span class="hidden">{translate("today_open", { name: row.name })}</span>
          </button>
        )}
        {isQuiet && (reason !== "" || action?.href != null) ? (
          <span class="why">
            {reason} {action === null ? null : <ActionLink row={row} action={action} />}
          </span>
        ) : null}
        {kept !== null && action !== null ? <span class="why recorded">✓ {translate("today_kept")}</span> : null}
        {recorded !== null && kept === null ? (
          <span class="why recorded">✓ {translate("today_recorded", { time: recorded.time, text: textOf(recorded) })}</span>
        ) : null}
        {isNextDue ? (
          <button type="button" class="plain" disabled={isSending} onClick={() => void takeBack()}>
            {translate("today_undo")}
          </button>
        ) : null}
        {error === null ? null : (
          <span class="error" role="alert">
            {error}
          </span>
        )}
      </div>
      {hasButton ? (
        <button
          type="button"
          class={isUndo ? "done undo" : "done"}
          disabled={isSending}
          aria-label={translate(isUndo ? "today_undo_of" : "today_done_of", { name: row.name, text: subject })}
          onClick={() => void (isUndo ? takeBack() : confirm())}
        >
          {translate(isUndo ? "today_undo" : "today_done")}
        </button>
      ) : null}
    </>
  );
}

/** The way to where the action is done or looked at. */
function ActionLink({ row, action: { href } }: { row: Row; action: Action }): JSX.Element | null {
  if (href === null) return null;
  const { kind, id, part } = href;
  if (kind === "pass" && part === "remaining")
    return <a href={hrefOfThing({ kind: "rest", pass: id, field: row.id })}>{translate("today_link_rest")}</a>;
  if (kind === "pass") return <a href={hrefOfThing({ kind, id, field: row.id })}>{translate("today_link_pass")}</a>;
  if (kind === "alarm") return <a href={hrefOfThing({ kind, id })}>{translate("today_link_alarm")}</a>;
  if (kind === "lot") return <a href={hrefOfThing({ kind, id })}>{translate("today_link_lot")}</a>;
  return null;
}

const CLOCK = { hour: "numeric", minute: "2-digit", hourCycle: "h23" } as const;
