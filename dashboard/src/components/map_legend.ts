// Legend of a map: each mark that is drawn now, with its meaning, and nothing else.

import "../i18n/map_legend";
import type { Map as MapLibreMap, MapGeoJSONFeature } from "maplibre-gl";
import { translate } from "../i18n/translate";
import { make } from "./dom";
import { keyOf, type LegendItem, type Shape } from "./legend";

type Features = GeoJSON.FeatureCollection;

/** What a layer of the map means: the same for all that it draws, or by what it draws. */
export type Means = LegendItem | readonly LegendItem[] | ((features: Features) => readonly LegendItem[]);

/** As much of a layer as its legend needs. */
export interface ExplainedLayer {
  id: string;
  type: string;
  paint?: object;
  means: Means;
}

interface Source {
  features: Features;
  layers: readonly ExplainedLayer[];
}

interface Others {
  ids: () => readonly string[];
  itemOf: (feature: MapGeoJSONFeature) => LegendItem | null;
}

/** One meaning: a key for each way in which it is drawn, and the ids of what draws it. */
interface Entry {
  keys: Map<Shape, LegendItem>;
  of: Set<string>;
}

const SHAPES: Readonly<Record<string, Shape>> = { fill: "area", line: "line", circle: "ring", raster: "area" };

export class MapLegend {
  readonly element = make("ul", { class: "keys legend", "aria-label": translate("legend"), hidden: true });
  readonly #sources = new Map<string, Source>();
  readonly #pictures = new Map<string, { items: readonly LegendItem[]; opacity: number }>();
  readonly #marks = new Map<string, { mark: HTMLElement; item: LegendItem }>();
  readonly #others: Others[] = [];
  #map: MapLibreMap | null = null;
  #isDue = false;

  /** The map is there: what others draw on it is looked for whenever it has come to rest. */
  open(map: MapLibreMap): void {
    this.#map = map;
    map.on("idle", () => this.update());
  }

  close(): void {
    this.#map = null;
  }

  /** A source has these features; its layers are told the first time. */
  setSource(name: string, features: Features, layers: readonly ExplainedLayer[]): void {
    const shown = { ...features, features: features.features.filter(({ geometry }) => hasShape(geometry)) };
    this.#sources.set(name, { features: shown, layers: this.#sources.get(name)?.layers ?? layers });
    this.update();
  }

  setPictures(name: string, items: readonly LegendItem[], opacity: number): void {
    this.#pictures.set(name, { items, opacity });
    this.update();
  }

  /** A mark is on the map; null where it is gone, or is a word and needs no other. */
  setMark(id: string, mark: HTMLElement | null, item: LegendItem | null): void {
    if (mark === null || item === null) this.#marks.delete(id);
    else if (this.#marks.get(id)?.mark === mark) return;
    else this.#marks.set(id, { mark, item });
    this.update();
  }

  /** Explain layers that are not set here by what is seen of them: those of the base map and of tools. */
  explain(ids: () => readonly string[], itemOf: Others["itemOf"]): void {
    this.#others.push({ ids, itemOf });
    this.update();
  }

  /** Write it again soon: many changes come at once. */
  update(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      if (this.#map !== null) this.#write(this.#entries(this.#map));
    });
  }

  #entries(map: MapLibreMap): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    const add = (of: string, shape: Shape, item: LegendItem): void => {
      const entry = entries.get(item.text) ?? { keys: new Map<Shape, LegendItem>(), of: new Set<string>() };
      entry.of.add(of);
      const key = item.shape ?? shape;
      if (!entry.keys.has(key)) entry.keys.set(key, item);
      entries.set(item.text, entry);
    };
    for (const { features, layers } of this.#sources.values())
      for (const layer of features.features.length === 0 ? [] : layers) {
        if (!isSeen(map, layer.id)) continue;
        for (const item of itemsOf(layer.means, features)) add(layer.id, SHAPES[layer.type] ?? "area", withOpacity(item, layer.paint));
      }
    for (const [name, { items, opacity }] of this.#pictures) for (const item of items) add(name, "area", { opacity, ...item });
    for (const { mark, item } of this.#marks.values())
      if (mark.isConnected && getComputedStyle(mark).display !== "none")
        add("marks", "dot", mark.classList.contains("stale") ? STALE() : item);
    for (const { ids, itemOf } of this.#others) {
      const layers = ids().filter((id) => isSeen(map, id));
      for (const feature of layers.length === 0 ? [] : map.queryRenderedFeatures({ layers })) {
        const item = itemOf(feature);
        if (item !== null) add(feature.layer.id, SHAPES[feature.layer.type] ?? "area", item);
      }
    }
    return entries;
  }

  #write(entries: ReadonlyMap<string, Entry>): void {
    const written = [...entries].map(([text, { keys, of }]) => make("li", { "data-of": [...of].join(" ") }, ...keysOf([...keys]), text));
    const same =
      written.length === this.element.children.length && written.every((item, at) => item.isEqualNode(this.element.children[at] ?? null));
    if (!same) this.element.replaceChildren(...written);
    this.element.hidden = written.length === 0;
  }
}

const STALE = (): LegendItem => ({ colour: "var(--stale)", text: translate("stale") });

function itemsOf(means: Means, features: Features): readonly LegendItem[] {
  if (typeof means === "function") return means(features);
  return "text" in means ? [means] : means;
}

/** Whether anything of a geometry can be seen: a line of one point cannot. */
function hasShape(geometry: GeoJSON.Geometry | null): boolean {
  if (geometry === null || geometry.type === "GeometryCollection") return geometry !== null;
  if (geometry.type === "LineString") return geometry.coordinates.length > 1;
  if (geometry.type === "MultiLineString") return geometry.coordinates.some((line) => line.length > 1);
  return geometry.coordinates.length > 0;
}

/** An area whose edge means the same has one key. */
function keysOf(keys: readonly (readonly [Shape, LegendItem])[]): HTMLElement[] {
  const area = keys.find(([shape]) => shape === "area")?.[1];
  const edge = keys.find(([shape]) => shape === "line" || shape === "dashed");
  if (area !== undefined && edge !== undefined && keys.length === 2)
    return [keyOf(area, "area", { shape: edge[0], colour: edge[1].colour })];
  return keys.map(([shape, item]) => keyOf(item, shape));
}

function withOpacity(item: LegendItem, paint: object | undefined): LegendItem {
  const opacity = (paint as Record<string, unknown> | undefined)?.["fill-opacity"];
  return typeof opacity === "number" ? { opacity, ...item } : item;
}

function isSeen(map: MapLibreMap, layer: string): boolean {
  return map.getLayer(layer) !== undefined && map.getLayoutProperty(layer, "visibility") !== "none";
}
