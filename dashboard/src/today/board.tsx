// The board of today: one row for each house and field on one line of time, calm houses as tiles, and the key of the pictures.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { hrefOf } from "../app/address";
import { formatInstant } from "../i18n/instants";
import { authorText, listText, translate, type TextKey } from "../i18n/translate";
import "../i18n/today";
import { CalmTiles, LEAST_TILES } from "./calm_tiles";
import { FarmRow, type LoadRest } from "./farm_row";
import { FirstMinutes } from "./head";
import { isConfirmed } from "./next_action";
import { TimeAxis } from "./picture";
import { textOf, type Row, type StateName, type Today } from "./records";
import { TimeScale } from "./time_scale";
import { WeatherSource } from "./weather_days";

const HOUR_MS = 3_600_000;
const BEFORE_MS = 2 * HOUR_MS;
const AHEAD_MS = 24 * HOUR_MS;
/** From the most urgent: a row that becomes more urgent takes its place at once. */
const URGENCY: readonly StateName[] = ["recalled", "act", "interrupted", "flying", "silent", "unknown", "watch", "calm"];

export function scaleOf(today: Today): TimeScale {
  const strip = today.rows.find((row) => row.strip !== null)?.strip;
  return new TimeScale(
    strip?.start_ms ?? today.now_ms - BEFORE_MS,
    strip?.end_ms ?? today.now_ms + AHEAD_MS,
    today.now_ms,
    today.time_zone,
  );
}

export function Board({ today, loadRest }: { today: Today; loadRest: LoadRest }): JSX.Element {
  const scale = scaleOf(today);
  const rows = useCalmOrder(today.rows);
  const calm = rows.filter((row) => row.kind === "greenhouse" && row.state === "calm" && !isConfirmed(row));
  const tiles = calm.length >= LEAST_TILES ? calm : [];
  const isMixed = rows.some(({ simulated }) => simulated) && rows.some(({ simulated }) => !simulated);
  return (
    <section class="board" aria-label={translate("today_board")}>
      {today.making === null ? null : <FirstMinutes making={today.making} nowMs={today.now_ms} zone={today.time_zone} />}
      <div class="axis-row" aria-hidden="true">
        <span>{translate("today_next_hours")}</span>
        <TimeAxis scale={scale} />
        <span>{translate("today_next_action")}</span>
      </div>
      <ol class="farm-rows">
        {rows
          .filter((row) => !tiles.includes(row))
          .map((row) => (
            <FarmRow key={`${row.kind} ${row.id}`} row={row} scale={scale} marksSimulated={isMixed && row.simulated} loadRest={loadRest} />
          ))}
      </ol>
      {tiles.length === 0 ? null : <CalmTiles rows={tiles} scale={scale} />}
      <Questions rows={rows} />
      <Key />
    </section>
  );
}

/** What only the grower knows: each question once, with the houses that it is about. */
function Questions({ rows }: { rows: readonly Row[] }): JSX.Element {
  const asked = new Map<string, string[]>();
  for (const row of rows)
    for (const question of row.questions) asked.set(textOf(question), [...(asked.get(textOf(question)) ?? []), row.name]);
  return (
    <>
      {[...asked].map(([question, names]) => (
        <p key={question} class="question">
          <a href={hrefOf("settings", { tab: "houses" })}>{translate("today_question", { question, names: listText(names) })}</a>
        </p>
      ))}
    </>
  );
}

/** Return the rows in their order; what becomes less urgent stays where it is: it does not leave the finger that has just done it. */
function useCalmOrder(rows: readonly Row[]): readonly Row[] {
  const shown = useRef<readonly Row[]>([]);
  const before = new Map(shown.current.map((row) => [row.id, row]));
  const isSame = rows.length === before.size && rows.every(({ id }) => before.has(id));
  const isCalmer = isSame && rows.every((row) => URGENCY.indexOf(row.state) >= URGENCY.indexOf(before.get(row.id)?.state ?? row.state));
  const now = new Map(rows.map((row) => [row.id, row]));
  shown.current = isCalmer ? shown.current.flatMap(({ id }) => now.get(id) ?? []) : rows;
  return shown.current;
}

const KEYS: readonly [sign: string, text: TextKey][] = [
  ["leaf", "today_key_leaf"],
  ["dew", "today_key_dew"],
  ["wet", "today_key_wet"],
  ["avoided", "today_key_avoided"],
  ["frost", "today_key_frost"],
  ["heat", "today_key_heat"],
  ["rain", "today_key_rain"],
  ["fit", "today_key_fit"],
  ["act", "today_key_act"],
];

function Key(): JSX.Element {
  return (
    <p class="picture-key">
      {KEYS.map(([sign, text]) => (
        <span key={sign}>
          <i class={`key-${sign}`} />
          {translate(text)}
        </span>
      ))}
    </p>
  );
}

/** What was done today, by whom, and whose weather forecast it is. */
export function Log({ today }: { today: Today }): JSX.Element {
  const clock = { hour: "numeric", minute: "2-digit", hourCycle: "h23" } as const;
  return (
    <div class="today-log">
      {today.done_today.length === 0 ? null : (
        <p>
          <b>{translate("today_log")}</b>{" "}
          {today.done_today
            .map(({ time_ms, by, row, ...each }) => {
              const values = { time: formatInstant(time_ms, clock, today.time_zone), row, text: textOf(each), by: authorText(by) };
              return translate(by === "" ? "today_log_item_unnamed" : "today_log_item", values);
            })
            .join(" · ")}
        </p>
      )}
      {today.weather === null ? null : <WeatherSource weather={today.weather} />}
    </div>
  );
}
