// A picture on the line of time: as wide as its place, with the night, the present and a time to act, and a sentence for those who do not see it.

import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { translate } from "../i18n/translate";
import "../i18n/today";
import type { Span } from "./records";
import type { Point, TimeScale } from "./time_scale";

interface PictureProps {
  /** What the picture says, as one would on the phone; null where the text beside it says the same. */
  label: string | null;
  class: string;
  draw: (width: number, height: number) => ComponentChildren;
}

/** Draws in the size that the style sheet gives its place. */
export function Picture({ label, class: className, draw }: PictureProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [[width, height], setSize] = useState<readonly [number, number]>([0, 0]);
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const measure = (): void =>
      setSize((known) =>
        known[0] === element.clientWidth && known[1] === element.clientHeight ? known : [element.clientWidth, element.clientHeight],
      );
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={place} class={`picture ${className}`} {...(label === null ? { "aria-hidden": true } : { role: "img", "aria-label": label })}>
      {width === 0 ? null : (
        <svg width={width} height={height} aria-hidden="true">
          {draw(width, height)}
        </svg>
      )}
    </div>
  );
}

export interface DrawnProps {
  scale: TimeScale;
  width: number;
  height: number;
}

export function NightShade({ scale, width, height, night }: DrawnProps & { night: readonly Span[] }): JSX.Element {
  return <Bars class="night" spans={night} y={0} barHeight={height} scale={scale} width={width} height={height} radius={0} />;
}

export function NowLine({ scale, width, height, top = 0 }: DrawnProps & { top?: number }): JSX.Element {
  const x = scale.x(scale.nowMs, width);
  return <line class="now-line" x1={x} x2={x} y1={top} y2={height} />;
}

/** The time to act: a bracket with a flag at its end, from now on. */
export function ActBracket({ scale, width, act }: Omit<DrawnProps, "height"> & { act: Span }): JSX.Element | null {
  const part = scale.clip([Math.max(act[0], scale.nowMs), act[1]]);
  if (part === null) return null;
  const [from, to] = [scale.x(part[0], width), Math.max(scale.x(part[1], width), scale.x(part[0], width) + 3)];
  return (
    <g class="act-time">
      <line x1={from} x2={to} y1={1.5} y2={1.5} />
      <path d={`M${to} 0v10M${to} 4l7 3.2-7 3.2z`} />
    </g>
  );
}

interface BarsProps extends DrawnProps {
  class: string;
  spans: readonly Span[];
  y: number;
  barHeight: number;
  radius?: number;
}

/** Spans of time as bars. */
export function Bars({ scale, width, class: className, spans, y, barHeight, radius = 2.5 }: BarsProps): JSX.Element {
  return (
    <>
      {spans.map((span) => {
        const part = scale.clip(span);
        if (part === null) return null;
        const from = scale.x(part[0], width);
        const size = { width: Math.max(1.5, scale.x(part[1], width) - from), height: barHeight };
        return <rect key={span[0]} class={className} x={from} y={y} rx={radius} {...size} />;
      })}
    </>
  );
}

/** Return the path of a line through points. */
export function pathOf(points: readonly Point[], scale: TimeScale, width: number, y: (value: number) => number): string {
  return points.map(([timeMs, value], at) => `${at === 0 ? "M" : "L"}${tenth(scale.x(timeMs, width))} ${tenth(y(value))}`).join("");
}

/** Return the path of the area between two values of each instant. */
export function areaPath(
  corners: readonly (readonly [number, number, number])[],
  scale: TimeScale,
  width: number,
  y: (value: number) => number,
): string {
  const lower = corners.map(([timeMs, low]): Point => [timeMs, low]);
  const upper = corners.map(([timeMs, , high]): Point => [timeMs, high]).reverse();
  return `${pathOf(lower, scale, width, y)}${pathOf(upper, scale, width, y).replace("M", "L")}Z`;
}

function tenth(value: number): string {
  return String(Math.round(10 * value) / 10);
}

/** The hours of the line of time; said by each picture, so not by the axis. */
export function TimeAxis({ scale }: { scale: TimeScale }): JSX.Element {
  return <Picture class="time-axis" label={null} draw={(width, height) => <AxisTexts scale={scale} width={width} height={height} />} />;
}

/** The texts of an axis at the foot of what is `height` high. */
export function AxisTexts({ scale, width, height }: DrawnProps): JSX.Element {
  const nowX = scale.x(scale.nowMs, width);
  return (
    <g class="axis-texts">
      {scale.ticks().map(({ timeMs, text, isDay }) => {
        const x = scale.x(timeMs, width);
        // Under the present, and cut by an edge, a text cannot be read.
        if (Math.abs(x - nowX) < 24 || x < 5) return null;
        return (
          <text key={timeMs} class={isDay ? "strong" : undefined} x={x} y={height - 4} text-anchor={x > width - 8 ? "end" : "middle"}>
            {text}
          </text>
        );
      })}
      <text class="strong" x={Math.max(14, nowX)} y={height - 4} text-anchor="middle">
        {translate("today_now")}
      </text>
    </g>
  );
}
