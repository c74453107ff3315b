// Tools of every map: the base map that a person put on the station, and measuring.

import "../i18n/map_legend";
import "../i18n/map_tools";
import { addProtocol, type GeoJSONSource, type Map as MapLibreMap, type MapGeoJSONFeature, Marker } from "maplibre-gl";
import { api, dataOf } from "../api/client";
import { lineLength, ringArea } from "../api/ellipsoid";
import { request } from "../api/request";
import { areaText, withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import palette from "../../../headland/contract/palette.json";
import { make, setText } from "./dom";
import type { LegendItem } from "./legend";

const BASE = "base-map";
const FILE = "/v1/base-map/file";
/** The most names of places on a map: more of them cover it. */
const MOST_NAMES = 60;
/** Of a file in which names are searched: a larger one is read beside the page alone. */
const MOST_NAMED_BYTES = 3_000_000;
/** Colours of ground by its kind: that of our own file, or the tags of OpenStreetMap. Other shapes are water, as ever. */
const GROUND = [
  [["plot", "farmland", "orchard", "meadow", "grass", "vineyard"], "--ground-plot", "legend_plots"],
  [["trees", "wood", "forest", "scrub", "tree_row"], "--ground-trees", "legend_trees"],
  [["building", "yes", "house", "greenhouse", "residential", "farmyard"], "--ground-building", "legend_buildings"],
  [["water", "river", "canal", "reservoir", "basin", "wetland"], "--ground-water", "legend_water"],
] as const;
/** The keys of a shape that may tell its kind. */
const KINDS = ["kind", "natural", "landuse", "building"] as const;
/** The layers of what is measured. */
export const MEASURED = ["measure-line"] as const;

/** Draw the station's base map under everything else, and return the ids of its layers; none where there is no base map. */
export async function addBaseMap(map: MapLibreMap): Promise<string[]> {
  const { kind, bytes } = await dataOf(api.GET("/v1/base-map", {}));
  if (kind === null) return [];
  if (kind === "pmtiles") return addTiles(map);
  return bytes > MOST_NAMED_BYTES ? addFeatures(map, { type: "geojson", data: FILE }) : addFile(map);
}

/** Draw the shapes of the station's file, and the names of its places. */
async function addFile(map: MapLibreMap): Promise<string[]> {
  const data = await request<GeoJSON.FeatureCollection>(FILE);
  const layers = addFeatures(map, { type: "geojson", data });
  const places = data.features.filter(({ geometry, properties }) => geometry?.type === "Point" && properties?.["name"]);
  for (const { geometry, properties } of places.slice(0, MOST_NAMES)) {
    const [longitudeDeg = 0, latitudeDeg = 0] = (geometry as GeoJSON.Point).coordinates;
    const text =
      (currentLanguage() === "en" ? properties?.["name"] : (properties?.["name_zh"] ?? properties?.["name:zh"])) ?? properties?.["name"];
    new Marker({ element: make("span", { class: "place-name" }, String(text)) }).setLngLat([longitudeDeg, latitudeDeg]).addTo(map);
  }
  return layers;
}

function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Return the colour of a shape by its kind, as an expression of the map's library. */
function groundColour(): unknown[] {
  const kind = ["coalesce", ...KINDS.map((name) => ["get", name]), ""];
  return ["match", kind, ...GROUND.flatMap(([kinds, name]) => [kinds, colourOf(name)]), colourOf("--ground-water")];
}

/** Return what a shape of the base map is. */
export function groundItem({ layer, properties }: MapGeoJSONFeature): LegendItem {
  if (layer.type === "line") return { colour: colourOf("--ground-road"), text: translate("legend_roads") };
  const kind = KINDS.map((name) => properties[name] as string | undefined).find((value) => value !== undefined);
  const [, name, text] = GROUND.find(([kinds]) => (kinds as readonly string[]).includes(kind ?? "")) ?? [
    [],
    "--ground-water",
    "legend_other_ground",
  ];
  return { colour: colourOf(name), text: translate(text) };
}

export function measuredItem(): LegendItem {
  return { colour: palette.measured_distance, text: translate("legend_measured") };
}

function addFeatures(map: MapLibreMap, source: object, sourceLayer?: string): string[] {
  if (!map.getSource(BASE)) map.addSource(BASE, source as never);
  const of = sourceLayer === undefined ? {} : { "source-layer": sourceLayer };
  const [fill, line] = [`${BASE}-${sourceLayer ?? ""}-fill`, `${BASE}-${sourceLayer ?? ""}-line`];
  const above = map.getStyle().layers.find(({ id }) => id !== "ground" && !id.startsWith(BASE))?.id;
  const polygon = ["==", ["geometry-type"], "Polygon"];
  map.addLayer({ id: fill, type: "fill", source: BASE, ...of, filter: polygon, paint: { "fill-color": groundColour() } } as never, above);
  const road = { "line-color": colourOf("--ground-road"), "line-width": 1.2 };
  map.addLayer({ id: line, type: "line", source: BASE, ...of, filter: ["!=", ["get", "kind"], "plot"], paint: road } as never, above);
  return [fill, line];
}

let protocol: { add: (archive: never) => void; tile: (request: never, controller: AbortController) => Promise<never> } | null = null;

async function addTiles(map: MapLibreMap): Promise<string[]> {
  const { PMTiles, Protocol, TileType } = await import("pmtiles");
  if (protocol === null) {
    protocol = new Protocol() as never;
    addProtocol("pmtiles", (protocol as never as InstanceType<typeof Protocol>).tile);
  }
  const archive = new PMTiles(new URL(FILE, location.href).href);
  (protocol as never as InstanceType<typeof Protocol>).add(archive);
  const { tileType } = await archive.getHeader();
  const url = `pmtiles://${archive.source.getKey()}`;
  if (tileType !== TileType.Mvt) {
    map.addSource(BASE, { type: "raster", url, tileSize: 256 });
    const above = map.getStyle().layers.find(({ id }) => id !== "ground")?.id;
    map.addLayer({ id: BASE, type: "raster", source: BASE }, above);
    return [BASE];
  }
  const { vector_layers: vectorLayers = [] } = (await archive.getMetadata()) as { vector_layers?: { id: string }[] };
  return vectorLayers.flatMap(({ id }) => addFeatures(map, { type: "vector", url }, id));
}

/** Return a button that measures: each click on the map adds a point. */
export function measureTool(map: MapLibreMap): HTMLElement {
  const told = make("span", { class: "map-measured", role: "status", hidden: true });
  const button = make("button", { type: "button", class: "secondary", "aria-pressed": "false" }, translate("tool_measure"));
  let points: [number, number][] | null = null;
  const draw = (): void => {
    const line: GeoJSON.Feature = { type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: points ?? [] } };
    const source = map.getSource<GeoJSONSource>("measure");
    if (source) source.setData(line);
    else if (points !== null) {
      map.addSource("measure", { type: "geojson", data: line });
      map.addLayer({
        id: "measure-line",
        type: "line",
        source: "measure",
        paint: { "line-color": palette.measured_distance, "line-width": 3 },
      });
    }
    const lengthM = lineLength(points ?? []);
    const length = lengthM >= 1000 ? withUnit(lengthM / 1000, "km", 2) : withUnit(lengthM, "m");
    const text =
      (points?.length ?? 0) < 2
        ? translate("tool_measure_hint")
        : (points?.length ?? 0) < 3
          ? translate("tool_measured", { length })
          : translate("tool_measured_area", { length, area: areaText(ringArea(points ?? [])) });
    setText(told, points === null ? "" : text);
    told.hidden = points === null;
  };
  map.on("click", ({ lngLat }) => {
    if (points === null) return;
    points = [...points, [lngLat.lng, lngLat.lat]];
    draw();
  });
  button.addEventListener("click", () => {
    points = points === null ? [] : null;
    button.setAttribute("aria-pressed", String(points !== null));
    draw();
  });
  return make("span", { class: "map-tools" }, button, told);
}
