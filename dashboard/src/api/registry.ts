// Fields and sites of the registry, and positions of devices that do not move.

import type { ListItem } from "./client";
import type { Device } from "./farm_state";
import { askList } from "./query";

export type FieldRecord = ListItem<"/v1/fields">;
export type SiteRecord = ListItem<"/v1/sites">;

/** The gateway in whose name files are imported: it reports nothing, and what it brought once is not silent. */
export const FILES_GATEWAY = "import";

export interface Position {
  longitudeDeg: number;
  latitudeDeg: number;
  /** True where only the site's position is known. */
  ofSite: boolean;
}

export async function requestFields(): Promise<FieldRecord[]> {
  return askList("/v1/fields");
}

export async function requestSites(): Promise<SiteRecord[]> {
  return askList("/v1/sites");
}

/** Return the records that are not deactivated: the others are history, and are not to be chosen. */
export function inUse<T extends { active?: boolean }>(records: readonly T[] | undefined): T[] {
  return (records ?? []).filter(({ active }) => active !== false);
}

/** Return the position of a device that does not move: its own, else its site's; null where neither is known. */
export function positionOf(device: Device, sites: readonly SiteRecord[]): Position | null {
  if (device.latitude_deg !== null && device.longitude_deg !== null) {
    return { longitudeDeg: device.longitude_deg, latitudeDeg: device.latitude_deg, ofSite: false };
  }
  const site = sites.find(({ name }) => name === device.site);
  if (!site || site.longitude_deg === null || site.latitude_deg === null) return null;
  return { longitudeDeg: site.longitude_deg, latitudeDeg: site.latitude_deg, ofSite: true };
}

export function fieldFeatures(fields: readonly FieldRecord[]): GeoJSON.FeatureCollection {
  return {
    type: "FeatureCollection",
    features: fields.map((field) => ({ type: "Feature", geometry: field.geometry, properties: { id: field.id, name: field.name } })),
  };
}

/** Return the exclusions and buffer strips of fields. */
export function zoneFeatures(fields: readonly FieldRecord[]): GeoJSON.FeatureCollection {
  return {
    type: "FeatureCollection",
    features: fields.flatMap((field) =>
      field.zones.map((zone) => ({
        type: "Feature" as const,
        geometry: zone.geometry,
        properties: { kind: zone.kind, name: zone.name },
      })),
    ),
  };
}

/** Return the position of a field's label: above its northern edge, so that it does not cover the field. */
export function labelPosition(geometry: FieldRecord["geometry"]): [longitudeDeg: number, latitudeDeg: number] {
  const rings = geometry.type === "Polygon" ? geometry.coordinates : geometry.coordinates.flat();
  const corners = rings.flat();
  const longitudes = corners.map((corner) => corner[0] ?? 0);
  const north = Math.max(...corners.map((corner) => corner[1] ?? 0));
  return [(Math.min(...longitudes) + Math.max(...longitudes)) / 2, north];
}
