// A field's day as a strip: wind against its limit, rain from above, and the hours fit for work at its foot.

import type { JSX } from "preact";
import { numberText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import "../i18n/today";
import type { StripMode } from "./house_strip";
import { Silence } from "./house_strip";
import { ActBracket, Bars, NightShade, NowLine, pathOf, Picture, type DrawnProps } from "./picture";
import { textOf, type FieldCurve, type Strip } from "./records";
import { knownParts, type TimeScale } from "./time_scale";

const BAR_PX = 6;
const ABOVE_PX = 11;
const HOUR_MS = 3_600_000;
/** Rain of an hour that fills a third of the strip. */
const HEAVY_MM = 3;

export function FieldStrip({ strip, scale, mode }: { strip: Strip; scale: TimeScale; mode: StripMode }): JSX.Element | null {
  const { field } = strip;
  if (field === null) return null;
  return (
    <Picture
      class={`strip strip-${mode}`}
      label={textOf({ text: strip.label, text_zh: strip.label_zh })}
      draw={(width, height) => <Field strip={strip} field={field} mode={mode} scale={scale} width={width} height={height} />}
    />
  );
}

function Field({
  strip,
  field,
  mode,
  scale,
  width,
  height,
}: DrawnProps & { strip: Strip; field: FieldCurve; mode: StripMode }): JSX.Element {
  const at = { scale, width, height };
  const bottom = height - BAR_PX - 4;
  const known = field.wind_m_s.filter((value) => value !== null);
  const most = Math.max(...known, (field.limit_m_s ?? 0) * 1.2, 1);
  const y = (value: number): number => bottom - (value / most) * (bottom - ABOVE_PX);
  const limitY = field.limit_m_s === null ? null : y(field.limit_m_s);
  const lastAt = field.wind_m_s.findLastIndex((value) => value !== null);
  return (
    <>
      <NightShade {...at} night={strip.night} />
      {mode === "silent" || known.length === 0 ? <Silence {...at} sinceMs={field.time_ms[lastAt] ?? null} /> : null}
      <line class="ground" x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} />
      {field.time_ms.map((timeMs, index) => {
        const rain = field.rain_mm[index] ?? 0;
        if (rain <= 0) return null;
        const from = scale.x(timeMs, width);
        const size = {
          width: Math.max(1, scale.x(timeMs + HOUR_MS, width) - from - 1),
          height: 3 + Math.min(1, rain / HEAVY_MM) * (height / 3),
        };
        return <rect key={timeMs} class="rain" x={from} y={0} {...size} />;
      })}
      {limitY === null ? null : <line class="limit" x1={0} x2={width} y1={limitY} y2={limitY} />}
      {knownParts(field.time_ms, field.wind_m_s).map((part) => (
        <path key={part[0]?.[0]} class="leaf-line" d={pathOf(part, scale, width, y)} />
      ))}
      {limitY === null || mode !== "full" ? null : (
        <text class="halo" x={width / 2} y={Math.max(11, limitY - 3)} text-anchor="middle">
          {translate("today_wind_limit", { value: numberText(field.limit_m_s ?? 0, 0) })}
        </text>
      )}
      <Bars class="bar fit" spans={field.fit} y={height - BAR_PX - 1} barHeight={BAR_PX} {...at} />
      <NowLine {...at} />
      {strip.act === null ? null : <ActBracket scale={scale} width={width} act={strip.act} />}
    </>
  );
}
