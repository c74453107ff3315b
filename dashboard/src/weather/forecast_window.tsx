// Whether each of the next 72 hours suits spraying or spreading on a field, by the forecast of its site, and why.

import "../i18n/answers";
import "../i18n/field_outlook";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Body } from "../api/client";
import { useApi } from "../api/query";
import { WINDOW_HOUR } from "../components/shown_quantities";
import { dateOf, formatInstant } from "../i18n/instants";
import { numberText, shareText, withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { unitOfName } from "../i18n/quantities";
import { channelName, listText, methodText, translate, type TextKey } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import { NumberChoice } from "../ui/number_choice";
import { ForecastSource } from "./forecast_source";
import { hourText } from "./next_hours";
import { StateKeys, stateText } from "../components/window_states";

export type Work = "granular" | "liquid";
type Windows = Body<"/v1/fields/{thing}/forecast-window">;
type Hour = Windows["hours"][number];
type Suitable = Windows["windows"][number];

const HOURS = 72;
const EVERY_MS = 300_000;
const MOST_RAINFAST_H = 48;

export function ForecastWindow({ field, work }: { field: string; work: Work }): JSX.Element {
  const [rainfastH, setRainfast] = useState<number | null>(null);
  const query = { kind: work, hours: HOURS, ...(rainfastH === null ? {} : { rainfast_h: rainfastH }) };
  const state = useApi("/v1/fields/{thing}/forecast-window", { path: { thing: field }, query }, { everyMs: EVERY_MS });
  return (
    <section class="card" data-panel="forecast-window">
      <h2>{translate("outlook_title")}</h2>
      <Loaded state={state}>
        {(answer) =>
          answer.hours.length === 0 ? (
            <p class="note" data-forecast="nothing">
              {currentLanguage() === "en" ? answer.source.text : answer.source.text_zh}
            </p>
          ) : (
            <Told key={`${answer.kind}-${answer.rainfast_h}`} answer={answer} />
          )
        }
      </Loaded>
      <div class="choices-row">
        <NumberChoice
          label={translate("outlook_rainfast")}
          min={0}
          max={MOST_RAINFAST_H}
          step={1}
          {...(state.data && !state.data.rainfast_known && state.data.rainfast_h > 0
            ? { hint: translate("outlook_rainfast_usual", { hours: numberText(state.data.rainfast_h, 0) }) }
            : {})}
          onNumber={setRainfast}
        />
      </div>
    </section>
  );
}

function Told({ answer }: { answer: Windows }): JSX.Element {
  const [chosenMs, choose] = useState<number | null>(null);
  const chosen = answer.hours.find(({ start_ms }) => start_ms === chosenMs);
  return (
    <>
      <SuitableHours answer={answer} />
      <ForecastSource source={answer.source} />
      {daysOf(answer.hours).map(([date, hours]) => (
        <div key={date} class="day-hours">
          <h3>{formatInstant(hours[0]?.start_ms ?? 0, { weekday: "short", month: "short", day: "numeric" })}</h3>
          <ol class="hours">
            {hours.map((hour) => (
              <li key={hour.start_ms} data-state={hour.state}>
                <button
                  type="button"
                  aria-pressed={hour.start_ms === chosenMs}
                  onClick={() => choose(hour.start_ms === chosenMs ? null : hour.start_ms)}
                >
                  <span class="hidden">{translate("outlook_hour", { time: hourText(hour.start_ms), state: stateText(hour.state) })}</span>
                  <span aria-hidden="true">{formatInstant(hour.start_ms, { hour: "2-digit", hourCycle: "h23" })}</span>
                </button>
              </li>
            ))}
          </ol>
        </div>
      ))}
      <StateKeys />
      <div role="status" data-chosen-hour={chosenMs ?? ""}>
        {chosen === undefined ? <p class="note">{translate("outlook_tap")}</p> : <ChosenHour hour={chosen} />}
      </div>
      <p class="note">
        {translate("outlook_height", { height: numberText(answer.wind_height_m, 0) })}{" "}
        {answer.altitude_m === null ? translate("answers_window_sea_level") : null}
      </p>
      <details class="how">
        <summary>{translate("answers_how")}</summary>
        <p>{methodText(answer.method)}</p>
      </details>
    </>
  );
}

/** Return the hours by local day. */
function daysOf(hours: readonly Hour[]): [string, Hour[]][] {
  const days = new Map<string, Hour[]>();
  for (const hour of hours) {
    const date = dateOf(hour.start_ms);
    days.set(date, [...(days.get(date) ?? []), hour]);
  }
  return [...days];
}

/** The runs of hours that suit the work; where none does, those that do with care. */
function SuitableHours({ answer }: { answer: Windows }): JSX.Element {
  const runs = answer.windows.length > 0 ? answer.windows : answer.with_care;
  if (runs.length === 0) return <p role="status">{translate("outlook_windows_none")}</p>;
  return (
    <div role="status" data-windows={answer.windows.length}>
      <p>{translate(answer.windows.length > 0 ? "outlook_windows" : "outlook_windows_care")}</p>
      <ul>
        {runs.map((run) => (
          <li key={run.start_ms}>{windowOf(run)}</li>
        ))}
      </ul>
    </div>
  );
}

function windowOf({ start_ms: startMs, end_ms: endMs, hours, chance }: Suitable): string {
  const window = translate("outlook_window", { from: hourText(startMs), until: hourText(endMs), hours: numberText(hours, 0) });
  return chance === null ? window : translate("outlook_window_chance", { window, chance: shareText(chance) });
}

/** What decided an hour, what may come within the intervals, and its weather. */
function ChosenHour({ hour }: { hour: Hour }): JSX.Element {
  const why = (reasons: readonly string[]): string => listText(reasons.map((each) => translate(`answers_why_${each}` as TextKey)));
  const sentences = [
    hour.reasons.length === 0 ? "" : translate("outlook_why", { reasons: why(hour.reasons) }),
    hour.doubts.length === 0 ? "" : translate("outlook_doubt", { reasons: why(hour.doubts) }),
    hour.missing.length === 0
      ? ""
      : translate("outlook_missing", { what: listText(hour.missing.map((each) => translate(`outlook_missing_${each}` as TextKey))) }),
    hour.chance === null ? "" : translate("outlook_chance", { chance: shareText(hour.chance) }),
  ];
  return (
    <>
      <p>
        <strong>{hourText(hour.start_ms)}</strong>{" "}
        <span class="state-text" data-state={hour.state}>
          {stateText(hour.state)}
        </span>{" "}
        {sentences.filter(Boolean).join(" ")}
      </p>
      <p class="note">{weatherOf(hour)}</p>
    </>
  );
}

function weatherOf(hour: Hour): string {
  const values = WINDOW_HOUR.map((name): [string, number | null] => [name, hour[name]]);
  const more: [string, number | null][] = [
    ["wind_gust_m_s", hour.wind_gust_m_s],
    ["rain_mm", hour.rain_mm],
  ];
  const known = [...values, ...more].filter((each): each is [string, number] => each[1] !== null);
  return listText([
    ...known.map(([name, value]) => `${channelName(name)} ${withUnit(value, unitOfName(name))}`),
    ...(hour.basis === "corrected" ? [translate("outlook_corrected")] : []),
  ]);
}
