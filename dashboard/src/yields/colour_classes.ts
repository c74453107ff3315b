// Classes of a grid's numbers by colour, and cells as a picture: a pixel each.

import palette from "../../../headland/contract/palette.json";
import { rateColour } from "../field/zone_colours";
import type { Cells } from "./records";

export interface ColourClass {
  colour: string;
  /** Numbers below this belong to it, or to a class before. */
  below: number;
  text: string;
}

/** As many classes of amounts as of differences. */
const AMOUNT_CLASSES = 6;

export type Ramp = "amounts" | "errors" | "differences";
const RAMPS: Record<Ramp, readonly string[]> = {
  amounts: Array.from({ length: AMOUNT_CLASSES }, (_, index) => rateColour(index / (AMOUNT_CLASSES - 1))),
  errors: palette.errors,
  differences: palette.differences,
};

/** Return classes between these edges; `textOf` gets the lower and the upper edge, null where there is none. */
export function classesBetween(
  edges: readonly number[],
  ramp: Ramp,
  textOf: (from: number | null, to: number | null) => string,
): ColourClass[] {
  const colours = RAMPS[ramp];
  return [...edges, Number.POSITIVE_INFINITY].map((below, index) => ({
    colour: colours[index] ?? (colours.at(-1) as string),
    below,
    text: textOf(index === 0 ? null : (edges[index - 1] as number), index === edges.length ? null : below),
  }));
}

/** Return the text of a span: "3–4 t/ha"; `text` writes a number. */
export function spanText(from: number | null, to: number | null, text: (value: number) => string, unit: string): string {
  if (from === null) return `< ${text(to ?? 0)} ${unit}`;
  if (to === null) return `≥ ${text(from)} ${unit}`;
  return `${text(from)}–${text(to)} ${unit}`;
}

/** Return round edges of as many classes as a ramp has colours, over the middle 96 % of the numbers. */
export function roundEdges(values: Cells, ramp: Ramp, scale: number): number[] {
  const known = values.flatMap((row) => row.filter((value): value is number => value !== null)).sort((a, b) => a - b);
  if (known.length === 0) return [];
  const at = (share: number): number => (known[Math.min(known.length - 1, Math.floor(share * known.length))] as number) * scale;
  const classes = RAMPS[ramp].length;
  const raw = Math.max((at(0.98) - at(0.02)) / classes, 1e-6);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((each) => each * power >= raw) ?? 10);
  const first = Math.ceil(at(0.02) / step) * step;
  const edges = Array.from({ length: classes - 1 }, (_, index) => first + index * step).filter((edge) => edge < at(1));
  return (edges.length > 0 ? edges : [first]).map((edge) => edge / scale);
}

export function classOf(value: number, classes: readonly ColourClass[]): ColourClass | undefined {
  return classes.find(({ below }) => value < below);
}

/** Return the cells as a picture; those without a number are clear. */
export function paintCells(values: Cells, classes: readonly ColourClass[]): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.max(values[0]?.length ?? 0, 1), Math.max(values.length, 1)];
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  // The first line of a picture is its north.
  [...values].reverse().forEach((row, line) => {
    row.forEach((value, column) => {
      if (value === null) return;
      context.fillStyle = classOf(value, classes)?.colour ?? palette.no_value;
      context.fillRect(column, line, 1, 1);
    });
  });
  return canvas;
}
