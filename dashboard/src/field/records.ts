// What the API answers about passes, as far as the field page shows it.

import type { Answer } from "../measured";

export interface PassItem {
  id: string;
  field: string;
  device: string;
  start_ms: number;
  end_ms: number;
  declared: boolean;
  simulated: boolean;
  implement: string | null;
  product: string | null;
  season: string | null;
  prescription: string | null;
  planned_rate_ha: number | null;
  evidence: string | null;
}

export interface Plan {
  source: string;
  rate_ha: number | null;
  prescription: string | null;
  name: string | null;
}

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

export interface Spot {
  area_m2: number;
  latitude_deg: number;
  longitude_deg: number;
}

export interface Cover {
  field_m2: number;
  covered_m2: number;
  overlap_m2: number;
  skipped_m2: number;
  skips: Spot[];
  overlaps: Spot[];
}

export interface Applied {
  unit: string;
  swath_m: number;
  simulated: boolean;
  amount: Answer;
  rate: Answer;
  places: Record<"released" | "usable" | "buffer" | "exclusion" | "outside" | "unlocated" | "closure", number>;
  cover: Cover;
  reconciliation: { by_flow: number | null; by_tank: number | null; by_pump_curve: number | null };
  uniformity: { field_cv_pct: number | null };
}

export interface Region {
  kind: string;
  cause: string;
  area_m2: number;
  planned: number;
  applied: number;
  difference: number;
  latitude_deg: number;
  longitude_deg: number;
}

export interface ZoneResult {
  zone: number;
  planned_rate_ha: number;
  applied_rate_ha: number | null;
  area_m2: number;
  kind: string | null;
  cause: string | null;
}

export interface Deviation {
  unit: string;
  plan: Plan;
  planned_rate_ha: number;
  amount: Answer;
  planned: number;
  applied: number;
  mean_deviation_pct: number;
  on_target_share: number;
  class_m2: Record<string, number>;
  zones: ZoneResult[];
  regions: Region[];
}

export interface CellSamples {
  channel: string;
  unit: string;
  role: string;
  evidence: string | null;
  sensor: string | null;
  n: number;
  quality: Record<string, number>;
}

export interface CellVisit {
  start_ms: number;
  end_ms: number;
  amount: number | null;
  share: number | null;
  beside_m: number;
  speed_m_s: number | null;
  height_m: number | null;
  wind_m_s: number | null;
  flow_per_min: number | null;
  hopper_kg: number | null;
  samples: CellSamples[];
  series_url: string;
}

export interface CellEvidence {
  device: string;
  gateway: string;
  clock: string | null;
  simulated: boolean;
  unit: string;
  cell: { row: number; column: number; cell_m: number; south_deg: number; west_deg: number; north_deg: number; east_deg: number; place: string };
  planned: { rate_ha: number | null; zone: number | null; plan: Plan } | null;
  applied: { rate_ha: number | null; amount: number | null; evidence: string | null; method: { id: string; version: number; source: string } };
  difference_ha: number | null;
  kind: string | null;
  cause: string | null;
  reason: string | null;
  visits: CellVisit[];
  conflicts: number;
  ledger: { seq: number; time_ms: number; kind: string; hash: string }[];
}

export interface LedgerEntry {
  seq: number;
  time_ms: number;
  who: string;
  kind: string;
  pass_id: string;
  body: string;
  hash: string;
}

export interface Elements {
  n: number;
  p2o5: number;
  k2o: number;
}

export interface NutrientsAnswer {
  passes: { pass_id: string; start_ms: number; product: string | null; product_kg: number | null; kg_ha: Elements | null; reason: string | null }[];
  total_kg_ha: Elements | null;
  reason: string | null;
  balance: { input_kg_ha: number; output_kg_ha: number; nue: number; surplus_kg_ha: number; verdict: string } | null;
}

export interface Named {
  id: string;
  name: string;
}

/** With what a map is drawn; the same goes to every question about it. */
export interface DrawChoice {
  swath_m: string | null;
  planned_rate_ha: string | null;
  prescription: string | null;
  cell_m: string | null;
}
