// The weather of three days: temperature with what nine of ten times comes, rain, the strongest wind of each day.

import type { JSX } from "preact";
import { hrefOfThing } from "../app/address";
import { formatInstant } from "../i18n/instants";
import { numberText } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { listText, translate } from "../i18n/translate";
import "../i18n/today";
import { areaPath, NightShade, NowLine, pathOf, Picture, type DrawnProps } from "./picture";
import { textOf, type Weather } from "./records";
import { knownParts, TimeScale } from "./time_scale";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const DAYS = 3;
/** Wind at which most work on fields ends. */
const STRONG_M_S = 5;
/** Heights: the texts of the days above, of the wind below. */
const HEAD_PX = 32;
const FOOT_PX = 15;

export function WeatherThreeDays({ weather, nowMs, zone }: { weather: Weather; nowMs: number; zone: string }): JSX.Element {
  const startMs = weather.days[0]?.start_ms ?? nowMs;
  const scale = new TimeScale(startMs, startMs + DAYS * DAY_MS, nowMs, zone);
  const words = weather.days.slice(0, DAYS).map((_, at) => dayText(weather, at, zone));
  return (
    <a class="weather-days" href={hrefOfThing({ kind: "weather", site: weather.site })}>
      <Picture
        class="weather-picture"
        label={translate("today_weather", { text: words.join(currentLanguage() === "en" ? "; " : "；") })}
        draw={(width, height) => <Days weather={weather} scale={scale} width={width} height={height} />}
      />
    </a>
  );
}

/** Whose forecast it is, what is wrong with it, and how good it was: it always stands with it. */
export function WeatherSource({ weather }: { weather: Weather }): JSX.Element {
  const attribution = textOf({ text: weather.attribution, text_zh: weather.attribution_zh });
  const texts = [attribution, textOf(weather.error ?? weather.source), weather.record === null ? "" : textOf(weather.record)];
  return <p data-weather-source>{translate("today_weather_source", { text: texts.filter(Boolean).join(" · ") })}</p>;
}

function dayName(timeMs: number, at: number, zone: string): string {
  const weekday = formatInstant(timeMs + DAY_MS / 2, { weekday: "short" }, zone);
  return at === 0 ? `${translate("today_today")} ${weekday}` : at === 1 ? `${translate("today_tomorrow")} ${weekday}` : weekday;
}

function dayText(weather: Weather, at: number, zone: string): string {
  const day = weather.days[at];
  if (day === undefined) return "";
  const hasDegrees = day.low_degc !== null || day.high_degc !== null;
  const temperature = hasDegrees ? translate("today_degrees", { low: degrees(day.low_degc), high: degrees(day.high_degc) }) : "";
  const known = [temperature, rainText(day.rain_mm), windText(day.wind_m_s)].filter(Boolean);
  return translate("today_weather_day", {
    day: dayName(day.start_ms, at, zone),
    known: known.length === 0 ? translate("unknown") : listText(known),
  });
}

/** Return the rain of a day, dry where none comes, and nothing where it is not known. */
function rainText(value: number | null): string {
  if (value === null) return "";
  return value > 0 ? translate("today_rain", { value: numberText(value, value < 1 ? 1 : 0) }) : translate("today_dry");
}

function degrees(value: number | null): string {
  return value === null ? "–" : `${numberText(value, 0)}°`;
}

function windText(value: number | null): string {
  return value === null ? "" : translate("today_wind", { value: numberText(value, 0) });
}

function Days({ weather, scale, width, height }: DrawnProps & { weather: Weather }): JSX.Element {
  const at = { scale, width, height };
  const { hours, days } = weather;
  const times = hours.map(({ time_ms }) => time_ms);
  const known = hours.flatMap(({ air_temperature_degc: t, low_degc: a, high_degc: b }) => [t, a, b]).filter((value) => value !== null);
  const [low, high] = [Math.min(0, ...known), Math.max(5, ...known)];
  const bottom = height - FOOT_PX;
  const y = (value: number): number => bottom - 4 - ((value - low) / (high - low)) * (bottom - HEAD_PX - 8);
  const range = hours.flatMap(({ time_ms, low_degc: a, high_degc: b }) => (a === null || b === null ? [] : [[time_ms, a, b] as const]));
  const line = knownParts(
    times,
    hours.map(({ air_temperature_degc }) => air_temperature_degc),
  );
  const now = hours.findLast(({ time_ms }) => time_ms <= scale.nowMs)?.air_temperature_degc ?? undefined;
  return (
    <>
      <g transform={`translate(0 ${HEAD_PX})`}>
        <NightShade {...at} height={bottom - HEAD_PX} night={weather.night} />
      </g>
      <line class="limit frost-limit" x1={0} x2={width} y1={y(0)} y2={y(0)} />
      <text x={0} y={y(0) - 2}>
        0°
      </text>
      {range.length > 1 ? <path class="range" d={areaPath(range, scale, width, y)} /> : null}
      {hours.map(({ time_ms: timeMs, rain_mm: rain }) =>
        rain === null || rain <= 0 ? null : (
          <rect
            key={timeMs}
            class="rain-bar"
            x={scale.x(timeMs, width) + 0.3}
            y={bottom - Math.min(rain * 12, bottom - HEAD_PX)}
            width={Math.max(1.2, scale.x(timeMs + HOUR_MS, width) - scale.x(timeMs, width) - 0.6)}
            height={Math.min(rain * 12, bottom - HEAD_PX)}
          />
        ),
      )}
      {line.map((part) => (
        <path key={part[0]?.[0]} class="leaf-line" d={pathOf(part, scale, width, y)} />
      ))}
      <line class="ground" x1={0} x2={width} y1={bottom} y2={bottom} />
      {days.slice(0, DAYS).map((day, index) => (
        <Day key={day.start_ms} day={day} index={index} {...at} />
      ))}
      <NowLine {...at} height={bottom} top={HEAD_PX - 2} />
      {now === undefined ? null : <circle class="lowest" cx={scale.x(scale.nowMs, width)} cy={y(now)} r={2.6} />}
    </>
  );
}

function Day({ day, index, scale, width, height }: DrawnProps & { day: Weather["days"][number]; index: number }): JSX.Element {
  const x = scale.x(day.start_ms, width) + (index === 0 ? 0 : 7);
  const isWet = (day.rain_mm ?? 0) > 0;
  const isStrong = (day.wind_m_s ?? 0) > STRONG_M_S;
  return (
    <g>
      {index === 0 ? null : <line class="ground" x1={x - 7} x2={x - 7} y1={0} y2={height} />}
      <text x={x} y={11}>
        {dayName(day.start_ms, index, scale.zone)}
      </text>
      <text class="day-values" x={x} y={27}>
        <tspan class="strong">{degrees(day.high_degc)}</tspan> <tspan>{degrees(day.low_degc)}</tspan>
        <tspan class={isWet ? "wet-text" : "small"} dx={7}>
          {rainText(day.rain_mm)}
        </tspan>
      </text>
      <text class={isStrong ? "strong" : undefined} x={x} y={height - 3}>
        {isStrong ? "≋ " : ""}
        {windText(day.wind_m_s)}
      </text>
    </g>
  );
}
