// Answers of the API about passes.

import type { Body, ListItem } from "../api/client";

export type PassItem = ListItem<"/v1/fields/{field}/passes">;
export type HarvestPass = ListItem<"/v1/fields/{field}/harvest-passes">;
export type Applied = Extract<Body<"/v1/passes/{pass_id}/as-applied">, { amount: unknown }>;
export type Cover = Applied["cover"];
export type Deviation = Body<"/v1/passes/{pass_id}/deviation">;
export type Plan = Deviation["plan"];
export type Region = Deviation["regions"][number];
export type CellEvidence = Body<"/v1/passes/{pass_id}/cell">;
export type CellVisit = CellEvidence["visits"][number];
export type CellSamples = CellVisit["samples"][number];
/** What all cells of a map share: pass, unit, place of the grid, plan, and the names of its codes. */
export type CellHead = Omit<Extract<Body<"/v1/passes/{pass_id}/cells">, { grid: unknown }>, "grid">;
export type NutrientsAnswer = Body<"/v1/fields/{field}/nutrients">;
export type Prescription = Body<"/v1/prescriptions/{thing}">;
export type Elements = NonNullable<NutrientsAnswer["total_kg_ha"]>;

/** A prescription as polygons, one for each treatment zone. */
export interface ZoneMap extends GeoJSON.FeatureCollection<GeoJSON.Polygon | GeoJSON.MultiPolygon, { zone: number; rate_ha: number }> {
  unit: string;
}

export interface Named {
  id: string;
  name: string;
}

/** Settings of a map; every request about the map has the same. */
export interface MapSettings {
  swath_m?: number;
  planned_rate_ha?: number;
  prescription?: string;
  cell_m?: number;
}
export type Water = Body<"/v1/fields/{thing}/water">;
