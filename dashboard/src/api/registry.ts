// What the registry tells of ground: fields and sites; and where a device stands.

import { all, api, at, type components } from "./client";
import type { Farm } from "./farm_state";

export type FieldRecord = components["schemas"]["FieldResource"];
export type SiteRecord = components["schemas"]["Site"];

export interface Place {
  longitudeDeg: number;
  latitudeDeg: number;
  /** True where only the site's position is known. */
  ofSite: boolean;
}

export async function askFields(signal: AbortSignal): Promise<FieldRecord[]> {
  return all((cursor) => api.GET("/v1/fields", { params: { query: { limit: 1000, ...at(cursor) } }, signal }));
}

export async function askSites(signal?: AbortSignal): Promise<SiteRecord[]> {
  return all((cursor) => api.GET("/v1/sites", { params: { query: at(cursor) }, ...(signal ? { signal } : {}) }));
}

/** Return where a device that stands still is: by its own word, else by its site's; null where nobody said. */
export async function placeOf(farm: Farm, device: string, sites: readonly SiteRecord[]): Promise<Place | null> {
  const told = await farm.detail(device);
  if (told.longitude_deg !== null && told.latitude_deg !== null) {
    return { longitudeDeg: told.longitude_deg, latitudeDeg: told.latitude_deg, ofSite: false };
  }
  const site = sites.find((one) => one.name === told.site);
  if (!site || site.longitude_deg === null || site.latitude_deg === null) return null;
  return { longitudeDeg: site.longitude_deg, latitudeDeg: site.latitude_deg, ofSite: true };
}

export function fieldFeatures(fields: readonly FieldRecord[]): GeoJSON.FeatureCollection {
  return {
    type: "FeatureCollection",
    features: fields.map((field) => ({ type: "Feature", geometry: field.geometry, properties: { id: field.id, name: field.name } })),
  };
}

/** Return the parts of fields that are not treated. */
export function zoneFeatures(fields: readonly FieldRecord[]): GeoJSON.FeatureCollection {
  return {
    type: "FeatureCollection",
    features: fields.flatMap((field) => field.zones.map((zone) => ({
      type: "Feature" as const, geometry: zone.geometry, properties: { kind: zone.kind, name: zone.name },
    }))),
  };
}

/** Return the northernmost corner: where a name does not lie over the ground. */
export function labelPlace(geometry: FieldRecord["geometry"]): [longitudeDeg: number, latitudeDeg: number] {
  const rings = geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
  const corners = rings.flat();
  const longitudes = corners.map((corner) => corner[0] ?? 0);
  const north = Math.max(...corners.map((corner) => corner[1] ?? 0));
  return [(Math.min(...longitudes) + Math.max(...longitudes)) / 2, north];
}
