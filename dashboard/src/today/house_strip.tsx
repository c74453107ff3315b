// A greenhouse's night as a strip: leaf against dew point, or air against the limit, and the hours of trouble at its foot.

import type { JSX } from "preact";
import { numberText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import "../i18n/today";
import { ActBracket, areaPath, Bars, NightShade, NowLine, pathOf, Picture, type DrawnProps } from "./picture";
import { textOf, type HouseCurve, type Span, type Strip } from "./records";
import { areasBelow, knownParts, without, type TimeScale } from "./time_scale";

/** full: with its action; calm: in grey, small; tile: without texts; silent: hatched from the last value on. */
export type StripMode = "full" | "calm" | "tile" | "silent";

const HAZARDS = ["wet", "frost", "heat"] as const;
/** Of the height of a strip: room for the bracket above, and for bars below. */
const ABOVE_PX = 11;
const BAR_PX = 7;

interface StripProps {
  strip: Strip;
  scale: TimeScale;
  mode: StripMode;
}

export function HouseStrip({ strip, scale, mode }: StripProps): JSX.Element | null {
  const { house } = strip;
  if (house === null) return null;
  return (
    <Picture
      class={`strip strip-${mode}`}
      label={mode === "tile" ? null : textOf({ text: strip.label, text_zh: strip.label_zh })}
      draw={(width, height) => <House strip={strip} house={house} mode={mode} scale={scale} width={width} height={height} />}
    />
  );
}

function House({
  strip,
  house,
  mode,
  scale,
  width,
  height,
}: DrawnProps & { strip: Strip; house: HouseCurve; mode: StripMode }): JSX.Element {
  const at = { scale, width, height };
  const isFrost = house.limit?.kind === "frost" && house.hazards.frost.length + house.avoided.frost.length > 0;
  const shown = isFrost ? house.air_degc : house.leaf_degc;
  const bottom = height - (mode === "tile" ? 3 : BAR_PX + 4);
  const y = verticalScale(house, shown, strip.night, isFrost, mode === "tile" ? 3 : ABOVE_PX, bottom);
  const lastMs = lastKnownMs(house);
  return (
    <>
      <NightShade {...at} night={strip.night} />
      {mode === "silent" ? <Silence {...at} sinceMs={lastMs} /> : null}
      <line class="ground" x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} />
      {isFrost && house.limit !== null ? (
        <line class="limit frost-limit" x1={0} x2={width} y1={y(house.limit.value_degc)} y2={y(house.limit.value_degc)} />
      ) : null}
      {isFrost
        ? null
        : areasBelow(house.time_ms, house.leaf_degc, house.dew_point_degc).map((area) => (
            <path key={area[0]?.[0]} class="wet-area" d={areaPath(area, scale, width, y)} />
          ))}
      <Line class="dew-line" house={house} values={house.dew_point_degc} y={y} {...at} />
      <Line class={house.leaf_estimated && !isFrost ? "leaf-line estimated" : "leaf-line"} house={house} values={shown} y={y} {...at} />
      {HAZARDS.map((hazard) => (
        <HazardBars key={hazard} hazard={hazard} house={house} {...at} />
      ))}
      <Lowest {...at} house={house} mode={mode} y={y} />
      {mode === "tile" ? null : <NowLine {...at} />}
      {strip.act === null || mode === "tile" ? null : <ActBracket scale={scale} width={width} act={strip.act} />}
      {mode !== "silent" && mode !== "tile" && lastMs !== null && lastMs < scale.nowMs + 3_600_000 ? (
        <text class="empty-text halo" x={scale.x(scale.nowMs, width) + 8} y={height / 2 + 4}>
          {translate("today_no_forecast")}
        </text>
      ) : null}
    </>
  );
}

function Line({
  house,
  values,
  y,
  scale,
  width,
  class: className,
}: DrawnProps & { class: string; house: HouseCurve; values: readonly (number | null)[]; y: (value: number) => number }): JSX.Element {
  return (
    <>
      {knownParts(house.time_ms, values).map((part) => (
        <path key={part[0]?.[0]} class={className} d={pathOf(part, scale, width, y)} />
      ))}
    </>
  );
}

/** What comes nevertheless is filled; what goes away if the plan is carried out is dashed. */
function HazardBars({ hazard, house, ...at }: DrawnProps & { hazard: (typeof HAZARDS)[number]; house: HouseCurve }): JSX.Element {
  const bar = { y: at.height - BAR_PX - 1, barHeight: BAR_PX, ...at };
  const avoided = house.avoided[hazard];
  return (
    <>
      <Bars class={`bar ${hazard}`} spans={without(house.hazards[hazard], avoided)} {...bar} />
      <Bars class={`bar avoided ${hazard}`} spans={avoided} {...bar} />
    </>
  );
}

function Lowest({
  house,
  mode,
  y,
  scale,
  width,
}: DrawnProps & { house: HouseCurve; mode: StripMode; y: (value: number) => number }): JSX.Element | null {
  if (house.lowest === null || mode === "tile" || mode === "silent") return null;
  const { time_ms: timeMs, value_degc: value } = house.lowest;
  const [x, lineY] = [scale.x(timeMs, width), y(value)];
  return (
    <>
      <circle class="lowest" cx={x} cy={lineY} r={2.4} />
      <text class="strong halo" x={x < 40 ? x + 4 : x + 3} y={Math.max(9, lineY - 5)} text-anchor={x < 40 ? "start" : "end"}>
        {numberText(value, 1)}°
      </text>
    </>
  );
}

/** Hatched from the last value on: nothing is known there, which is neither good nor bad. */
export function Silence({ scale, width, height, sinceMs }: DrawnProps & { sinceMs: number | null }): JSX.Element {
  const from = sinceMs === null ? 0 : scale.x(sinceMs, width);
  const lines = [];
  for (let x = from - height; x < width; x += 8) {
    const [a, b] = [Math.max(x, from), Math.min(x + height, width)];
    lines.push(`M${a} ${height - (a - x)}L${b} ${height - (b - x)}`);
  }
  const text =
    sinceMs === null || sinceMs < scale.fromMs
      ? translate("today_no_value")
      : translate("today_silent_since", { time: scale.clock(sinceMs) });
  return (
    <>
      <path class="hatch" d={lines.join("")} />
      <text class="halo" x={Math.max(from, scale.x(scale.nowMs, width)) + 8} y={height / 2 + 4}>
        {text}
      </text>
    </>
  );
}

function lastKnownMs(house: HouseCurve): number | null {
  const known = house.time_ms.filter((_, at) => house.air_degc[at] != null || house.leaf_degc[at] != null);
  return known.at(-1) ?? null;
}

/** Return how high a value is drawn. What is warmer than the night is pressed together, unless heat is the trouble: order and crossings stay true. */
function verticalScale(
  house: HouseCurve,
  shown: readonly (number | null)[],
  night: readonly Span[],
  isFrost: boolean,
  top: number,
  bottom: number,
): (value: number) => number {
  const known = [...shown, ...house.dew_point_degc].filter((value) => value !== null);
  if (isFrost && house.limit !== null) known.push(house.limit.value_degc);
  const lowest = Math.min(...known);
  const highest = Math.max(...known);
  const isNight = (timeMs: number): boolean => night.some(([from, to]) => timeMs >= from && timeMs <= to);
  const ofNight = house.time_ms.flatMap((timeMs, at) => (isNight(timeMs) ? [shown[at] ?? null, house.dew_point_degc[at] ?? null] : []));
  const knee = Math.max(lowest + 1, ...ofNight.filter((value) => value !== null));
  const isHeat = house.hazards.heat.length > 0;
  const pressed = (value: number): number =>
    isHeat || value <= knee ? value - lowest : knee - lowest + 1.5 * Math.log1p((value - knee) / 1.5);
  const span = Math.max(pressed(highest), 0.5);
  return (value) => bottom - (pressed(value) / span) * (bottom - top);
}
