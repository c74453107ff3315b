// What the API answers about passes, as far as the field page shows it.

import type { components } from "../api/client";

type Schemas = components["schemas"];
export type PassItem = Schemas["PassItem"];
export type Plan = Schemas["PlanBody"];
export type Cover = Schemas["CoverBody"];
export type Applied = Schemas["AppliedBody"];
export type Region = Schemas["RegionBody"];
export type ZoneResult = Schemas["ZoneBody"];
export type Deviation = Schemas["DeviationBody"];
export type CellSamples = Schemas["CellSamples"];
export type CellVisit = Schemas["CellVisit"];
export type CellEvidence = Schemas["CellEvidence"];
export type LedgerEntry = Schemas["EntryBody"];
export type NutrientsAnswer = Schemas["NutrientsBody"];
export type Spot = Schemas["Place"];
export type Elements = Schemas["ElementsBody"];

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

/** A prescription as polygons, one a zone. */
export interface ZoneMap extends GeoJSON.FeatureCollection<GeoJSON.Polygon | GeoJSON.MultiPolygon, { zone: number; rate_ha: number }> {
  unit: string;
}

/** Return a plan alone as what a map of cells draws: nothing was applied, so nothing else is known. */
export function cellsOfZones(zones: ZoneMap): CellMap {
  const features = zones.features.map(({ geometry, properties }) => ({
    type: "Feature" as const,
    geometry: geometry as GeoJSON.Polygon,
    properties: {
      row: 0, column: 0, place: "usable", zone: properties.zone, planned_ha: properties.rate_ha, applied_ha: null, difference_ha: null, kind: null, cause: null, evidence: null,
    },
  }));
  const unit = zones.unit.replace(/\/ha$/, "");
  return {
    type: "FeatureCollection", features, unit, cell_m: 0, south_deg: 0, west_deg: 0, north_step_deg: 0, east_step_deg: 0, simulated: false, plan: null, reason: null,
  };
}

export interface Named {
  id: string;
  name: string;
}

/** With what a map is drawn; the same goes to every question about it. */
export interface DrawChoice {
  swath_m?: number;
  planned_rate_ha?: number;
  prescription?: string;
  cell_m?: number;
}
