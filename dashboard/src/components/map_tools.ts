// Tools of every map: the base map that a person put on the station, and measuring.

import "../i18n/map_tools";
import { addProtocol, type GeoJSONSource, type Map as MapLibreMap } from "maplibre-gl";
import { api, dataOf } from "../api/client";
import { lineLength, ringArea } from "../api/ellipsoid";
import { areaText, withUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { make, setText } from "./dom";

const BASE = "base-map";
const FILE = "/v1/base-map/file";
const WATER = "#9cc3dd";
const ROAD = "#9a948a";

/** Draw the station's base map under everything else, and return the ids of its layers; none where there is no base map. */
export async function addBaseMap(map: MapLibreMap): Promise<string[]> {
  const { kind } = await dataOf(api.GET("/v1/base-map", {}));
  if (kind === null) return [];
  return kind === "pmtiles" ? addTiles(map) : addFeatures(map);
}

function addFeatures(map: MapLibreMap, source: object = { type: "geojson", data: FILE }, sourceLayer?: string): string[] {
  if (!map.getSource(BASE)) map.addSource(BASE, source as never);
  const of = sourceLayer === undefined ? {} : { "source-layer": sourceLayer };
  const [fill, line] = [`${BASE}-${sourceLayer ?? ""}-fill`, `${BASE}-${sourceLayer ?? ""}-line`];
  const above = map.getStyle().layers.find(({ id }) => id !== "ground" && !id.startsWith(BASE))?.id;
  const polygon = ["==", ["geometry-type"], "Polygon"];
  map.addLayer({ id: fill, type: "fill", source: BASE, ...of, filter: polygon, paint: { "fill-color": WATER } } as never, above);
  map.addLayer({ id: line, type: "line", source: BASE, ...of, paint: { "line-color": ROAD, "line-width": 1.2 } } as never, above);
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
      map.addLayer({ id: "measure-line", type: "line", source: "measure", paint: { "line-color": "#c2185b", "line-width": 3 } });
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
