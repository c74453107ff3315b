// Choice of the base map: the farm's own one, or the tiles of a source that an administrator named, which the station asks for. What was chosen stays in this browser.

import "../i18n/map_tools";
import limits from "../../../headland/contract/map_tiles.json";
import { addProtocol, type Map as MapLibreMap } from "maplibre-gl";
import { api, cursorQuery, listAll, type ListItem } from "../api/client";
import { ApiError, requestResponse } from "../api/request";
import { translate } from "../i18n/translate";
import { make, setText } from "./dom";
import { FIRST_SHIFTED_ZOOM, placementOf, TILE_PX } from "./tile_warp";

type Source = ListItem<"/v1/map-sources">;

const STORED = "headland.map-source";
/** Begins as the layers of the base map do, so that everything else is drawn above it. */
const LAYER = "base-map-source";
const PROTOCOL = "map-source";
/** Tiles of a shifted source are each needed by up to four tiles of the map. */
const MOST_KEPT = 96;

/** By the id of its source: what is told of the answers to tiles. */
const watchers = new Map<string, Set<(fault: ApiError | null) => void>>();
const kept = new Map<string, Promise<ImageBitmap | null>>();
let isAdded = false;

/** Return the choice of the base map, what has to be said of it, and its faults; null where there is nothing to choose. */
export async function addSourceChoice(map: MapLibreMap): Promise<HTMLElement[] | null> {
  const sources = await listAll((cursor) => api.GET("/v1/map-sources", { params: { query: cursorQuery(cursor) } }));
  if (sources.length === 0) return null;
  if (!isAdded) addProtocol(PROTOCOL, loadTile as never);
  isAdded = true;
  const fault = make("p", { class: "map-fault", role: "status", hidden: true });
  const attribution = make("p", { class: "map-attribution", hidden: true });
  const options = sources.map(({ id = "", name }) => make("option", { value: id }, name));
  const select = make(
    "select",
    { class: "map-source", "aria-label": translate("tool_base") },
    make("option", { value: "" }, translate("tool_base_own")),
    ...options,
  );
  const chosen = localStorage.getItem(STORED) ?? "";
  select.value = sources.some(({ id }) => id === chosen) ? chosen : "";
  let forget = (): void => undefined;
  const show = (): void => {
    forget();
    const source = sources.find(({ id }) => id === select.value);
    forget = source === undefined ? () => undefined : watch(source, fault);
    draw(map, source);
    setText(attribution, source?.attribution ?? "");
    attribution.hidden = source === undefined;
    fault.hidden = true;
  };
  select.addEventListener("change", () => {
    localStorage.setItem(STORED, select.value);
    show();
  });
  map.on("remove", () => forget());
  show();
  return [select, fault, attribution];
}

function draw(map: MapLibreMap, source: Source | undefined): void {
  if (map.getLayer(LAYER)) map.removeLayer(LAYER);
  if (map.getSource(LAYER)) map.removeSource(LAYER);
  // Until the map is idle again: paper waits for it.
  const view = map.getContainer().closest<HTMLElement>(".map-view[data-state=idle]");
  if (view !== null) view.dataset["state"] = "loading";
  map.triggerRepaint();
  if (source === undefined) return;
  const tiles = [`${PROTOCOL}://${source.id}/${source.version}/${source.system}/{z}/{x}/{y}`];
  map.addSource(LAYER, {
    type: "raster",
    tiles,
    tileSize: TILE_PX,
    minzoom: source.min_zoom ?? 0,
    maxzoom: source.max_zoom ?? limits.usual_zoom,
  });
  const above = map.getStyle().layers.find(({ id }) => id !== "ground" && !id.startsWith("base-map"))?.id;
  map.addLayer({ id: LAYER, type: "raster", source: LAYER, paint: { "raster-fade-duration": 0 } }, above);
}

/** Tell a fault of a source in one sentence as long as it lasts; return what ends it. */
function watch({ id = "", name }: Source, place: HTMLElement): () => void {
  const tell = (fault: ApiError | null): void => {
    place.hidden = fault === null;
    if (fault !== null) setText(place, translate(sentenceOf(fault), { name }));
  };
  const told = watchers.get(id) ?? new Set();
  watchers.set(id, told.add(tell));
  return () => told.delete(tell);
}

function sentenceOf({ kind }: ApiError): "tool_source_refuses" | "tool_source_picture" | "tool_source_quota" | "tool_source_silent" {
  if (kind === "map-service-refuses") return "tool_source_refuses";
  if (kind === "no-map-picture") return "tool_source_picture";
  return kind === "map-tiles-quota" ? "tool_source_quota" : "tool_source_silent";
}

/** Return a tile of the map as a picture; one that cannot be had is empty, and its map is told why. */
async function loadTile({ url }: { url: string }): Promise<{ data: ImageBitmap }> {
  const [id = "", version = "", system = "", ...numbers] = url.slice(`${PROTOCOL}://`.length).split("/");
  const [z = 0, x = 0, y = 0] = numbers.map(Number);
  const place = system === "gcj02" && z >= FIRST_SHIFTED_ZOOM ? placementOf(z, x, y) : placementOf(0, x, y);
  const whole = make("canvas", { width: place.columns * TILE_PX, height: place.rows * TILE_PX });
  const draws = [...Array(place.columns * place.rows).keys()].map(async (number) => {
    const [column, row] = [number % place.columns, Math.floor(number / place.columns)];
    const picture = await sourceTile(id, version, z, place.firstX + column, place.firstY + row);
    if (picture !== null) whole.getContext("2d")?.drawImage(picture, column * TILE_PX, row * TILE_PX, TILE_PX, TILE_PX);
  });
  try {
    await Promise.all(draws);
    tellWatchers(id, null);
  } catch (error) {
    tellWatchers(id, error instanceof ApiError ? error : new ApiError(0, "", ""));
  }
  const tile = make("canvas", { width: TILE_PX, height: TILE_PX });
  const context = tile.getContext("2d");
  context?.setTransform(...place.matrix);
  context?.drawImage(whole, 0, 0);
  return { data: await createImageBitmap(tile) };
}

function tellWatchers(id: string, fault: ApiError | null): void {
  for (const tell of watchers.get(id) ?? []) tell(fault);
}

/** Return a tile of a source, null where it has none; it is asked for once. Throws `ApiError`. */
function sourceTile(id: string, version: string, z: number, x: number, y: number): Promise<ImageBitmap | null> {
  const path = `/v1/map-sources/${id}/tiles/${z}/${x}/${y}`;
  const name = `${path}?${version}`;
  const known = kept.get(name) ?? askTile(path);
  kept.delete(name);
  kept.set(name, known);
  known.catch(() => kept.delete(name));
  for (const oldest of kept.keys()) {
    if (kept.size <= MOST_KEPT) break;
    kept.delete(oldest);
  }
  return known;
}

async function askTile(path: string): Promise<ImageBitmap | null> {
  try {
    const answer = await requestResponse(path, { headers: { Accept: "image/*" } });
    return await createImageBitmap(await answer.blob());
  } catch (error) {
    if (error instanceof ApiError && error.kind === "no-map-tile") return null;
    throw error;
  }
}
