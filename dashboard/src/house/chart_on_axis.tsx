// A chart on the axis of the plan: lines with what nine of ten times comes, a band of targets, and hours of trouble at its foot.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { numberText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import "../i18n/house";
import { areaPath, AxisTexts, Bars, NightShade, NowLine, pathOf, Picture, type DrawnProps } from "../today/picture";
import type { Span } from "../today/records";
import { areasBelow, knownParts, type TimeScale } from "../today/time_scale";

export interface ChartLine {
  name: string;
  /** Class of its colour and dashes. */
  class: string;
  values: readonly (number | null)[];
  /** Nine times in ten it is between these. */
  low?: readonly (number | null)[] | undefined;
  high?: readonly (number | null)[] | undefined;
  note?: string;
}

/** What the crop is to have at a time. */
export interface Target {
  from_ms: number;
  to_ms: number;
  low_degc: number;
  high_degc: number;
}

interface ChartProps {
  title: string;
  panel: string;
  label: string;
  timesMs: readonly number[];
  lines: readonly ChartLine[];
  night: readonly Span[];
  scale: TimeScale;
  /** Where the first line is at or below the second one is filled, and named at the foot. */
  wet?: { spans: readonly Span[]; text: string } | undefined;
  targets?: readonly Target[] | undefined;
  note?: JSX.Element | string | null;
}

/** Room for the numbers at the left: that of the names of lanes, so that hours stand below one another. */
const GUTTER_PX = { narrow: 66, wide: 92 } as const;
const WIDE_PX = 560;
const FOOT_PX = 18;
const STEP_DEGC = 5;

export function ChartOnAxis({ title, panel, label, timesMs, lines, scale, note = null, ...rest }: ChartProps): JSX.Element {
  const [atMs, setAtMs] = useState<number | null>(null);
  const shownMs = atMs ?? scale.nowMs;
  const index = timesMs.findLastIndex((timeMs) => timeMs <= shownMs);
  const step = (change: number): void => setAtMs(timesMs[Math.max(0, Math.min(timesMs.length - 1, index + change))] ?? null);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    event.preventDefault();
    step(event.key === "ArrowLeft" ? -1 : 1);
  };
  return (
    <section class="card" data-panel={panel}>
      <h2>{title}</h2>
      <p class="chart-keys" aria-live="polite">
        <b>{atMs === null ? translate("house_now") : scale.clock(atMs)}</b>
        {lines.map((line) => (
          <span key={line.name}>
            <i class={line.class} /> {line.name} <b>{valueText(line.values[index])}</b> {line.note ?? ""}
          </span>
        ))}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys read the values of an hour. */}
      {/* biome-ignore lint/a11y/useSemanticElements: a group of one picture that is read by keys is no set of fields. */}
      <div class="chart-focus" role="group" tabIndex={0} aria-label={translate("house_keys", { name: title })} onKeyDown={onKeyDown}>
        <Picture
          class="axis-chart"
          label={label}
          draw={(width, height) => (
            <Drawing {...rest} timesMs={timesMs} lines={lines} outer={scale} atMs={atMs} scale={scale} width={width} height={height} />
          )}
        />
      </div>
      {note === null ? null : <p class="note">{note}</p>}
    </section>
  );
}

function valueText(value: number | null | undefined): string {
  return value == null ? "–" : `${numberText(value, 1)}°`;
}

type DrawingProps = DrawnProps &
  Pick<ChartProps, "timesMs" | "lines" | "night" | "wet" | "targets"> & { outer: TimeScale; atMs: number | null };

function Drawing({ timesMs, lines, night, wet, targets = [], outer, atMs, width: whole, height }: DrawingProps): JSX.Element {
  const gutter = whole > WIDE_PX ? GUTTER_PX.wide : GUTTER_PX.narrow;
  const width = whole - gutter;
  const bottom = height - FOOT_PX;
  const scale = outer;
  const known = [
    ...lines.flatMap(({ values, low = [], high = [] }) => [...values, ...low, ...high]),
    ...targets.flatMap((each) => [each.low_degc, each.high_degc]),
  ].filter((value) => value !== null);
  if (known.length === 0) return <text y={height / 2}>{translate("house_no_values")}</text>;
  const low = Math.floor(Math.min(...known) / STEP_DEGC) * STEP_DEGC;
  const high = Math.max(low + STEP_DEGC, Math.ceil(Math.max(...known) / STEP_DEGC) * STEP_DEGC);
  const y = (value: number): number => bottom - ((value - low) / (high - low)) * (bottom - 6);
  const steps = Array.from({ length: (high - low) / STEP_DEGC + 1 }, (_, at) => low + at * STEP_DEGC);
  const at = { scale, width, height };
  const [first, second] = lines;
  return (
    <g transform={`translate(${gutter} 0)`}>
      <NightShade {...at} height={bottom} night={night} />
      {steps.map((value) => (
        <g key={value}>
          <line class="grid" x1={0} x2={width} y1={y(value)} y2={y(value)} />
          <text x={-5} y={Math.max(9, y(value) + 4)} text-anchor="end">
            {numberText(value, 0)}
          </text>
        </g>
      ))}
      {targets.map((band) => (
        <TargetBand key={band.from_ms} band={band} y={y} {...at} />
      ))}
      {wet === undefined || first === undefined || second === undefined
        ? null
        : areasBelow(timesMs, first.values, second.values).map((area) => (
            <path key={area[0]?.[0]} class="wet-area" d={areaPath(area, scale, width, y)} />
          ))}
      {[...lines].reverse().map((line) => (
        <g key={line.name}>
          <Range line={line} timesMs={timesMs} y={y} {...at} />
          {knownParts(timesMs, line.values).map((part) => (
            <path key={part[0]?.[0]} class={line.class} d={pathOf(part, scale, width, y)} />
          ))}
        </g>
      ))}
      {wet === undefined ? null : (
        <>
          <Bars class="bar wet" spans={wet.spans} y={bottom - 7} barHeight={7} {...at} />
          {wet.spans.length === 0 ? null : (
            <text class="wet-text strong halo" x={wetX(wet.spans, scale, width)} y={bottom - 11} text-anchor="middle">
              {wet.text}
            </text>
          )}
        </>
      )}
      <NowLine {...at} height={bottom} />
      {atMs === null ? null : <line class="read-line" x1={scale.x(atMs, width)} x2={scale.x(atMs, width)} y1={0} y2={bottom} />}
      <AxisTexts {...at} />
    </g>
  );
}

function wetX(spans: readonly Span[], scale: TimeScale, width: number): number {
  const [from, to] = [scale.x(spans[0]?.[0] ?? 0, width), scale.x(spans.at(-1)?.[1] ?? 0, width)];
  return Math.max(60, Math.min(width - 60, (from + to) / 2));
}

function TargetBand({ band, y, scale, width }: DrawnProps & { band: Target; y: (value: number) => number }): JSX.Element | null {
  const part = scale.clip([band.from_ms, band.to_ms]);
  if (part === null) return null;
  const [from, to] = [scale.x(part[0], width), scale.x(part[1], width)];
  return (
    <g class="target">
      <rect x={from} y={y(band.high_degc)} width={to - from} height={y(band.low_degc) - y(band.high_degc)} />
      <path d={`M${from} ${y(band.high_degc)}H${to}M${from} ${y(band.low_degc)}H${to}`} />
    </g>
  );
}

function Range({
  line,
  timesMs,
  y,
  scale,
  width,
}: DrawnProps & { line: ChartLine; timesMs: readonly number[]; y: (value: number) => number }): JSX.Element | null {
  const { low = [], high = [] } = line;
  const corners = timesMs.flatMap((timeMs, at) => {
    const [a, b] = [low[at] ?? null, high[at] ?? null];
    return a === null || b === null ? [] : [[timeMs, a, b] as const];
  });
  return corners.length < 2 ? null : <path class="range" d={areaPath(corners, scale, width, y)} />;
}
