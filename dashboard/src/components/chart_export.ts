// A chart as a picture and as a table.

import { clockText, dateText } from "../i18n/instants";
import { unitText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import type { Line } from "./chart_lines";
import { fileName, quoted, saveFile } from "./files";

export interface ChartContent {
  name: string;
  lines: readonly Line[];
  timeMs: ArrayLike<number>;
  /** The displayed part; null for the whole. */
  zoom: { startMs: number; endMs: number } | null;
  axis: "time" | "days";
}

/** Save the drawn chart, with its name and the names of its lines, as a picture. */
export function savePicture({ name, lines }: ChartContent, source: HTMLCanvasElement, styled: Element): void {
  const scale = devicePixelRatio;
  const lineHeight = 18 * scale;
  const canvas = document.createElement("canvas");
  canvas.width = source.width;
  canvas.height = source.height + lineHeight * (2 + lines.length);
  const context = canvas.getContext("2d");
  if (context === null) return;
  const colour = (variable: string): string => getComputedStyle(styled).getPropertyValue(variable).trim();
  context.fillStyle = colour("--surface");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = colour("--ink");
  context.font = `600 ${14 * scale}px system-ui, sans-serif`;
  context.fillText(name, 8 * scale, lineHeight);
  context.drawImage(source, 0, lineHeight * 1.4);
  context.font = `${12 * scale}px system-ui, sans-serif`;
  for (const [index, line] of lines.entries()) {
    const y = source.height + lineHeight * (2 + index);
    context.fillStyle = colour(line.colour);
    context.fillRect(8 * scale, y - 5 * scale, 18 * scale, 3 * scale);
    context.fillStyle = colour("--ink");
    context.fillText(`${line.name} ${unitText(line.unit)}`.trim(), 32 * scale, y);
  }
  canvas.toBlob((blob) => {
    if (blob !== null) saveFile(blob, `${fileName(name)}.png`);
  });
}

/** Save the displayed part as a table: instants in UTC and in the site's time, or days of the season; a column for each line. */
export function saveTable({ name, lines, timeMs, zoom, axis }: ChartContent): void {
  const heads = [...(axis === "days" ? ["day"] : ["time_utc", translate("time")]), ...lines.map((line) => `${line.name} [${line.unit}]`)];
  const rows = [heads.map(quoted).join(",")];
  for (let index = 0; index < timeMs.length; index += 1) {
    const at = timeMs[index] as number;
    if (zoom !== null && (at < zoom.startMs || at > zoom.endMs)) continue;
    const cells = lines.map(({ values }) => values[index] ?? NaN);
    if (cells.every(Number.isNaN)) continue;
    const place = axis === "days" ? [String(at)] : [new Date(at).toISOString(), quoted(`${dateText(at)} ${clockText(at)}`)];
    rows.push([...place, ...cells.map((cell) => (Number.isNaN(cell) ? "" : String(cell)))].join(","));
  }
  // Excel reads UTF-8 only with this mark.
  saveFile(new Blob(["\ufeff", rows.join("\r\n"), "\r\n"], { type: "text/csv" }), `${fileName(name)}.csv`);
}
