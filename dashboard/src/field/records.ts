// Answers of the API about passes.

import type { Body, ListItem } from "../api/client";

export type PassItem = ListItem<"/v1/fields/{field}/passes">;
export type Applied = Extract<Body<"/v1/passes/{pass_id}/as-applied">, { amount: unknown }>;
export type Cover = Applied["cover"];
export type Deviation = Body<"/v1/passes/{pass_id}/deviation">;
export type Plan = Deviation["plan"];
export type Region = Deviation["regions"][number];
export type CellEvidence = Body<"/v1/passes/{pass_id}/cell">;
export type CellVisit = CellEvidence["visits"][number];
export type CellSamples = CellVisit["samples"][number];
export type NutrientsAnswer = Body<"/v1/fields/{field}/nutrients">;
export type Prescription = Body<"/v1/prescriptions/{thing}">;
export type Elements = NonNullable<NutrientsAnswer["total_kg_ha"]>;

export interface CellProperties {
  row: number;
  column: number;
  place: string;
  zone: number | null;
  planned_ha: number | null;
  applied_ha: number | null;
  difference_ha: number | null;
  kind: string | null;
  cause: string | null;
  evidence: string | null;
}

export interface CellMap extends GeoJSON.FeatureCollection<GeoJSON.Polygon, CellProperties> {
  unit: string;
  cell_m: number;
  south_deg: number;
  west_deg: number;
  north_step_deg: number;
  east_step_deg: number;
  simulated: boolean;
  plan: Plan | null;
  reason: string | null;
}

/** A prescription as polygons, one for each treatment zone. */
export interface ZoneMap extends GeoJSON.FeatureCollection<GeoJSON.Polygon | GeoJSON.MultiPolygon, { zone: number; rate_ha: number }> {
  unit: string;
}

/** Return a prescription in the form of a cell map, without applied amounts. */
export function cellsOfZones(zones: ZoneMap): CellMap {
  const features = zones.features.map(({ geometry, properties }) => ({
    type: "Feature" as const,
    geometry: geometry as GeoJSON.Polygon,
    properties: {
      row: 0,
      column: 0,
      place: "usable",
      zone: properties.zone,
      planned_ha: properties.rate_ha,
      applied_ha: null,
      difference_ha: null,
      kind: null,
      cause: null,
      evidence: null,
    },
  }));
  const unit = zones.unit.replace(/\/ha$/, "");
  return {
    type: "FeatureCollection",
    features,
    unit,
    cell_m: 0,
    south_deg: 0,
    west_deg: 0,
    north_step_deg: 0,
    east_step_deg: 0,
    simulated: false,
    plan: null,
    reason: null,
  };
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
