// Whether each of the last 24 hours suited the work on a field, and why.

import "../i18n/answers";
import type { JSX } from "preact";
import type { Body } from "../api/client";
import { useApi } from "../api/query";
import { useView } from "../app/mount";
import { WINDOW_HOUR } from "../components/shown_quantities";
import { formatInstant, windowText } from "../i18n/instants";
import { shareText, withUnit } from "../i18n/numbers";
import { unitOfName } from "../i18n/quantities";
import { channelName, listText, translate, type TextKey } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import { Table, type Column } from "../ui/table";
import { LeftOut } from "./house_answers";
import { StateKeys, stateText } from "../components/window_states";

type Hour = Body<"/v1/fields/{field}/weather-window">["hours"][number];

const HOURS = 24;
const HOUR_MS = 3_600_000;
const EVERY_MS = 300_000;

export function WeatherWindow({ field, work }: { field: string; work: "granular" | "liquid" }): JSX.Element {
  const { farm } = useView();
  const state = useApi("/v1/fields/{field}/weather-window", { path: { field }, query: { kind: work } }, { everyMs: EVERY_MS });
  return (
    <section class="card" data-panel="weather-window">
      <h2>{translate("answers_window_last")}</h2>
      <Loaded state={state}>
        {(answer) => {
          // The window of 24 hours touches 25.
          const hours = answer.hours.slice(-HOURS);
          const newestFirst = [...hours].reverse();
          return answer.devices.length === 0 ? (
            <p class="note">{translate("answers_weather_none")}</p>
          ) : (
            <>
              <p class="note">
                {translate("answers_window_about", { devices: listText(answer.devices.map((device) => farm.nameOf(device))) })}
              </p>
              <ol class="hours" aria-label={translate("answers_window")}>
                {hours.map((hour) => (
                  <li
                    key={hour.start_ms}
                    data-state={hour.state}
                    title={`${windowText(hour.start_ms, hour.start_ms + HOUR_MS)}: ${stateText(hour.state)}`}
                  >
                    <span class="hidden">{`${clock(hour.start_ms)} ${stateText(hour.state)}`}</span>
                    <span aria-hidden="true">{formatInstant(hour.start_ms, { hour: "2-digit", hourCycle: "h23" })}</span>
                  </li>
                ))}
              </ol>
              <StateKeys />
              <Table
                name={translate("answers_window")}
                rows={newestFirst}
                keyOf={(hour) => String(hour.start_ms)}
                columns={COLUMNS()}
                scrolls
              />
              {answer.altitude_m === null ? <p class="note">{translate("answers_window_sea_level")}</p> : null}
              <LeftOut findings={answer.left_out} />
              <details class="how">
                <summary>{translate("answers_how")}</summary>
                <p>{translate("answers_window_rules")}</p>
              </details>
            </>
          );
        }}
      </Loaded>
    </section>
  );
}

function COLUMNS(): Column<Hour>[] {
  const value = (name: (typeof WINDOW_HOUR)[number]): Column<Hour> => ({
    key: name,
    head: channelName(name),
    number: true,
    cell: (hour) => (hour[name] === null ? "—" : withUnit(hour[name], unitOfName(name))),
  });
  return [
    { key: "hour", head: translate("time"), cell: (hour) => clock(hour.start_ms) },
    {
      key: "state",
      head: translate("answers_window_state"),
      cell: (hour) => (
        <span class="state-text" data-state={hour.state}>
          {stateText(hour.state)}
        </span>
      ),
    },
    {
      key: "why",
      head: translate("answers_window_why"),
      cell: (hour) => listText(hour.reasons.map((why) => translate(`answers_why_${why}` as TextKey))) || "—",
    },
    ...WINDOW_HOUR.map(value),
    {
      key: "rain",
      head: channelName("rain_mm"),
      number: true,
      cell: ({ rain_mm, rain_share }) =>
        rain_mm !== null ? withUnit(Math.abs(rain_mm) < 0.005 ? 0 : rain_mm, "mm") : rain_share !== null ? shareText(rain_share) : "—",
    },
  ];
}

function clock(timeMs: number): string {
  return formatInstant(timeMs, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}
