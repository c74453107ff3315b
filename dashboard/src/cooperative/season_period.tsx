// Period of a season, kept in the address.

import "../i18n/cooperative";
import type { JSX } from "preact";
import { nowMs } from "../api/clock";
import { useChoice } from "../app/mount";
import { dateOf, startOfDateMs } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { DateRange } from "../ui/date_range";

const DAY_MS = 86_400_000;
const MOST_DAYS = 400;
const USUAL_DAYS = 180;

export interface Season {
  startMs: number;
  endMs: number;
}

/** Return the chosen season, and the choice of another one. */
export function useSeason(): [Season, JSX.Element] {
  const dayOf = (timeMs: number): number => startOfDateMs(dateOf(timeMs)) ?? timeMs;
  const today = dayOf(nowMs());
  const [text, setText] = useChoice("season", "");
  const [start, end] = text.split("-").map(Number);
  const startMs = start || dayOf(today - USUAL_DAYS * DAY_MS);
  const endMs = end || today + DAY_MS;
  const choice = (
    <>
      <DateRange
        period={{ startMs, endMs }}
        lengthsDays={[30, 180, 365]}
        maxDays={MOST_DAYS - 1}
        onChange={(period) => setText(`${dayOf(period.startMs)}-${period.endMs ?? today + DAY_MS}`)}
      />
      <p class="note">{translate("coop_season")}</p>
    </>
  );
  return [{ startMs, endMs }, choice];
}
