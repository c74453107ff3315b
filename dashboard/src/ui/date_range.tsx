// Choice of a period by local days of the site: some lengths up to now, or any two dates.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { dateOf, startOfDateMs } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { ErrorText } from "./error_text";
import { useUniqueId } from "./unique_id";

const DAY_MS = 86_400_000;

/** A period; `endMs` null is now, and moves. */
export interface Period {
  startMs: number;
  endMs: number | null;
}

export interface DateRangeProps {
  period: Period;
  onChange: (period: Period) => void;
  /** Lengths that are offered as buttons [days]. */
  lengthsDays?: readonly number[];
  maxDays?: number;
}

export function DateRange({ period, onChange, lengthsDays = [1, 7, 28], maxDays = 366 }: DateRangeProps): JSX.Element {
  const [from, to] = [useUniqueId(), useUniqueId()];
  const [error, setError] = useState("");
  // The last day of a period belongs to it.
  const dates = { from: dateOf(period.startMs), to: dateOf((period.endMs ?? nowMs()) - 1) };
  const choose = (chosen: { from?: string; to?: string }): void => {
    const [first, last] = [chosen.from ?? dates.from, chosen.to ?? dates.to];
    const startMs = startOfDateMs(first);
    const endMs = startOfDateMs(last, 1);
    if (startMs === null || endMs === null) return;
    const problem =
      endMs <= startMs
        ? translate("period_order")
        : endMs - startMs > (maxDays + 0.5) * DAY_MS
          ? translate("period_long", { days: maxDays })
          : "";
    setError(problem);
    if (problem === "") onChange({ startMs, endMs: endMs >= nowMs() ? null : endMs });
  };
  const chosenDays = period.endMs === null ? Math.round((nowMs() - period.startMs) / DAY_MS) : null;
  return (
    <fieldset class="date-range" aria-label={translate("period")}>
      {lengthsDays.map((days) => (
        <button
          key={days}
          type="button"
          class="secondary"
          aria-pressed={chosenDays === days}
          onClick={() => {
            setError("");
            onChange({ startMs: nowMs() - days * DAY_MS, endMs: null });
          }}
        >
          {translate("period_days", { days })}
        </button>
      ))}
      <div class="labelled">
        <label for={from}>{translate("period_from")}</label>
        <input
          id={from}
          type="date"
          value={dates.from}
          max={dateOf(nowMs())}
          onChange={(event) => choose({ from: event.currentTarget.value })}
        />
      </div>
      <div class="labelled">
        <label for={to}>{translate("period_to")}</label>
        <input id={to} type="date" value={dates.to} max={dateOf(nowMs())} onChange={(event) => choose({ to: event.currentTarget.value })} />
      </div>
      <ErrorText error={error} />
    </fieldset>
  );
}
