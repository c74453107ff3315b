// Outline of a field while it is edited: parts with holes, untreated zones, areas, and what a text of corners says.

import { ringArea, type Position } from "../api/ellipsoid";

export type { Position };
export type Ring = Position[];
export type Part = Ring[];

export interface Zone {
  kind: "exclusion" | "buffer";
  name: string;
  parts: Part[];
  width_m: number | null;
}

export interface Outline {
  parts: Part[];
  zones: Zone[];
  /** Ground that a division took off: it becomes fields of its own. */
  others: Part[][];
}

export const NO_OUTLINE: Outline = { parts: [], zones: [], others: [] };

const DECIMALS = 1e9;

export type Geometry = { type: "Polygon"; coordinates: Part } | { type: "MultiPolygon"; coordinates: Part[] };

export function partsOf(geometry: { type: string; coordinates: unknown }): Part[] {
  return (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates) as Part[];
}

export function geometryOf(parts: Part[]): Geometry {
  return parts.length === 1 ? { type: "Polygon", coordinates: parts[0] as Part } : { type: "MultiPolygon", coordinates: parts };
}

/** Return the area of parts without their holes [m²], as the API computes it. */
export function areaOf(parts: readonly Part[]): number {
  return parts.reduce((sum, [outer = [], ...holes]) => sum + ringArea(outer) - holes.reduce((held, hole) => held + ringArea(hole), 0), 0);
}

/** Return the parts with a ring as a hole of the part that holds it; null where none does. */
export function withHole(parts: readonly Part[], ring: Ring): Part[] | null {
  const at = parts.findIndex(([outer = []]) => ring.every((spot) => holds(outer, spot)));
  return at < 0 ? null : parts.map((part, index) => (index === at ? [...part, ring] : part));
}

function holds(ring: Ring, [x, y]: Position): boolean {
  let inside = false;
  for (let at = 0, before = ring.length - 1; at < ring.length; before = at, at += 1) {
    const [[x1, y1], [x2, y2]] = [ring[at] as Position, ring[before] as Position];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}

/** Return the parts that a text describes: GeoJSON, or a corner a line as latitude, longitude; null for neither. */
export function partsOfText(text: string): Part[] | null {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) {
    try {
      return partsOfGeoJson(JSON.parse(trimmed));
    } catch {
      return null;
    }
  }
  const corners = trimmed.split(/\n+/).map((line) => (line.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number));
  if (corners.length < 3 || corners.some((corner) => corner.length < 2)) return null;
  const ring = corners.map(([latitude = 0, longitude = 0]): Position => [longitude, latitude]);
  return [[closed(ring)]];
}

function partsOfGeoJson(value: { type?: string; features?: unknown[]; geometry?: unknown; coordinates?: unknown }): Part[] | null {
  if (value.type === "FeatureCollection") return partsOfGeoJson((value.features?.[0] ?? {}) as object);
  if (value.type === "Feature") return partsOfGeoJson((value.geometry ?? {}) as object);
  if (value.type !== "Polygon" && value.type !== "MultiPolygon") return null;
  return partsOf(value as { type: string; coordinates: unknown });
}

/** Return a ring with rounded corners that ends where it begins. */
export function closed(ring: readonly (readonly number[])[]): Ring {
  const corners = ring.map(([x = 0, y = 0]): Position => [Math.round(x * DECIMALS) / DECIMALS, Math.round(y * DECIMALS) / DECIMALS]);
  const [first, last] = [corners[0], corners.at(-1)];
  return first && last && (first[0] !== last[0] || first[1] !== last[1]) ? [...corners, first] : corners;
}

/** Return the outer corners as a text, a corner a line as latitude, longitude. */
export function textOfParts(parts: readonly Part[]): string {
  if (parts.length !== 1 || (parts[0]?.length ?? 0) > 1) return parts.length === 0 ? "" : JSON.stringify(geometryOf([...parts]));
  return (parts[0]?.[0] ?? [])
    .slice(0, -1)
    .map(([longitude, latitude]) => `${latitude}, ${longitude}`)
    .join("\n");
}
