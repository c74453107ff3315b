// Cells of a pass as pictures for a map: a pixel each, coloured by rate or by deviation.

import palette from "../../../headland/contract/palette.json";
import { channels } from "../components/colours";
import type { Picture } from "../components/map";
import type { CellGrid } from "./cell_grid";
import { rateColour } from "./zone_colours";

/** From too little to too much, distinguishable by the colour-blind. */
export const CLASS_COLOURS = palette.classes;
/** From little to much. */
export const RATE_COLOURS = palette.rate;
export const NOT_APPLIED = palette.not_applied;
export const UNKNOWN = palette.unknown;

export const CELL_LAYERS = ["planned", "applied", "deviation"] as const;
export type CellLayer = (typeof CELL_LAYERS)[number];

/** Graphics hardware of phones takes pictures of 4096 pixels. */
const MOST_PIXELS = 2048;
const CLEAR = 0;
const OPAQUE = 255;
const SHADES = 1024;

/** Pictures of a layer, and what is in them. */
export interface CellPictures {
  pictures: Picture[];
  /** Whether a colour is in them. */
  has: (colour: string) => boolean;
  /** Whether a rate is in them. */
  hasRates: boolean;
}

/** Return the pictures of a layer; those of large grids are several. Ground that a pass under way may still reach is clear. */
export function drawCells(grid: CellGrid, layer: CellLayer, maxRate: number, isUnderWay = false): CellPictures {
  const { rows, columns, west_deg: west, south_deg: south, east_step_deg: east, north_step_deg: north } = grid.head;
  const colourOf = layer === "deviation" ? classColours(grid) : rateColours(grid, layer, maxRate, isUnderWay);
  const pictures: Picture[] = [];
  const seen = new Set<number>();
  for (let row = 0; row < rows; row += MOST_PIXELS)
    for (let column = 0; column < columns; column += MOST_PIXELS) {
      const [lastRow, lastColumn] = [Math.min(row + MOST_PIXELS, rows), Math.min(column + MOST_PIXELS, columns)];
      pictures.push({
        canvas: paint(grid, row, lastRow, column, lastColumn, colourOf, seen),
        west: west + column * east,
        south: south + row * north,
        east: west + lastColumn * east,
        north: south + lastRow * north,
      });
    }
  const special = [CLEAR, pixelOf(NOT_APPLIED), pixelOf(UNKNOWN)];
  return { pictures, has: (colour) => seen.has(pixelOf(colour)), hasRates: [...seen].some((pixel) => !special.includes(pixel)) };
}

/** Whether product was released, and nothing measured how much. */
export function isUnknown(evidence: string | null): boolean {
  return evidence === "pump_pwm" || evidence === "declared";
}

function paint(
  grid: CellGrid,
  row: number,
  lastRow: number,
  column: number,
  lastColumn: number,
  colourOf: (cell: number) => number,
  seen: Set<number>,
): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [lastColumn - column, lastRow - row];
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  let [pixel, last] = [0, CLEAR];
  // The first line of a picture is its north.
  for (let north = lastRow - 1; north >= row; north -= 1)
    for (let cell = north * grid.head.columns + column, end = cell + canvas.width; cell < end; cell += 1) {
      const colour = grid.isDrawn(cell) ? colourOf(cell) : CLEAR;
      if (colour !== last) seen.add(colour);
      pixels[pixel] = last = colour;
      pixel += 1;
    }
  context.putImageData(image, 0, 0);
  return canvas;
}

function classColours(grid: CellGrid): (cell: number) => number {
  const { kind, evidence, applied_ha: applied } = grid.grids;
  const { names } = grid.head;
  const classes = names.kind.map((name) => (name in CLASS_COLOURS ? pixelOf(CLASS_COLOURS[name as keyof typeof CLASS_COLOURS]) : null));
  const otherwise = unknownColours(names.evidence);
  const skip = names.kind.indexOf("skip");
  const none = pixelOf(NOT_APPLIED);
  return (cell) => {
    const code = kind[cell] as number;
    if (code === skip && applied[cell] === 0) return none;
    return classes[code] ?? (otherwise[evidence[cell] as number] as number);
  };
}

function rateColours(grid: CellGrid, layer: "planned" | "applied", maxRate: number, isUnderWay: boolean): (cell: number) => number {
  const rates = grid.grids[`${layer}_ha`];
  const { evidence } = grid.grids;
  const shades = Uint32Array.from({ length: SHADES + 1 }, (_, shade) => pixelOf(rateColour(shade / SHADES)));
  const otherwise = unknownColours(grid.head.names.evidence);
  const none = isUnderWay ? CLEAR : pixelOf(NOT_APPLIED);
  return (cell) => {
    const rate = rates[cell] as number;
    if (Number.isNaN(rate)) return layer === "planned" ? CLEAR : (otherwise[evidence[cell] as number] as number);
    if (rate <= 0 && layer === "applied") return none;
    return shades[Math.round((SHADES * Math.min(Math.max(rate, 0), maxRate)) / maxRate)] as number;
  };
}

function unknownColours(evidence: readonly string[]): number[] {
  return evidence.map((name) => (isUnknown(name) ? pixelOf(UNKNOWN) : CLEAR));
}

/** Return a colour as a pixel of an image in the byte order of the machine. */
function pixelOf(colour: string): number {
  return new Uint32Array(Uint8Array.from([...channels(colour), OPAQUE]).buffer)[0] as number;
}
