// Outdoor weather of a site: by the hour in charts, by local day in a table.

import "../i18n/answers";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Body } from "../api/client";
import { useApi } from "../api/query";
import { useView } from "../app/mount";
import { WEATHER_DAYS, WEATHER_HOURS } from "../components/shown_quantities";
import { channelName, listText, translate } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import { AnswerTable, notesOf } from "./answer_table";
import { ChartPanel, type Drawing } from "./chart_panel";
import { dayText, LeftOut } from "./house_answers";

type Weather = Body<"/v1/sites/{site}/weather">;

const MOST_HOURLY_MS = 31 * 86_400_000;
const TIMEOUT_MS = 120_000;
const COLOURS = [
  ["--warm", "--cool"],
  ["--amber", "--track"],
];

export function WeatherPanel({
  site,
  startMs,
  endMs,
  group,
}: {
  site: string;
  startMs: number;
  endMs: number;
  group?: string;
}): JSX.Element {
  const { farm } = useView();
  const query = { start: startMs, end: endMs };
  const options = { keep: true, timeoutMs: TIMEOUT_MS };
  const days = useApi("/v1/sites/{site}/weather", { path: { site }, query: { ...query, by: "day" } }, options);
  const isShort = endMs - startMs <= MOST_HOURLY_MS;
  const hours = useApi("/v1/sites/{site}/weather", { path: { site }, query: { ...query, by: "hour" } }, { ...options, enabled: isShort });
  return (
    <Loaded state={days}>
      {(answer) =>
        answer.items.every((item) => Object.values(item.answers).every(({ value }) => value === null)) ? (
          <p class="note">{translate("answers_weather_none")}</p>
        ) : (
          <>
            <p class="note">
              {translate("answers_sources", { devices: listText(answer.devices.map((device) => farm.nameOf(device))) })}{" "}
              {answer.simulated ? <span class="badge">{translate("simulated")}</span> : null} {translate("answers_days_about")}
            </p>
            {isShort ? (
              <Loaded state={hours}>
                {(hourly) => (
                  <>
                    {WEATHER_HOURS.map((names, pair) => (
                      <WeatherChart
                        key={names[0]}
                        weather={hourly}
                        names={names}
                        colours={COLOURS[pair] ?? []}
                        {...(group === undefined ? {} : { group })}
                      />
                    ))}
                  </>
                )}
              </Loaded>
            ) : (
              <p class="note">{translate("answers_weather_long")}</p>
            )}
            <AnswerTable
              name={translate("answers_weather_days")}
              items={answer.items}
              wanted={WEATHER_DAYS}
              head={dayText}
              notes={notesOf(answer.notes)}
            />
            <LeftOut findings={answer.left_out} />
          </>
        )
      }
    </Loaded>
  );
}

function WeatherChart({
  weather,
  names,
  colours,
  group,
}: {
  weather: Weather;
  names: readonly string[];
  colours: readonly string[];
  group?: string;
}): JSX.Element | null {
  const present = names.filter((name) =>
    weather.items.some((item) => item.answers[name]?.value !== null && item.answers[name] !== undefined),
  );
  const drawing = useMemo(
    (): Drawing => ({
      timeMs: weather.items.map((item) => item.window.start_ms),
      lines: present.map((name) => ({
        name: channelName(name),
        unit: weather.items.find((item) => item.answers[name] !== undefined)?.answers[name]?.unit ?? "1",
        colour: colours[names.indexOf(name)] ?? "--muted",
        values: weather.items.map((item) => item.answers[name]?.value ?? NaN),
      })),
    }),
    [weather, present.join()],
  );
  if (present.length === 0) return null;
  const name = `${translate("answers_weather_hours")} – ${listText(present.map((each) => channelName(each)))}`;
  return <ChartPanel options={{ name, gapMs: Infinity, ...(group === undefined ? {} : { group }) }} drawing={drawing} />;
}
