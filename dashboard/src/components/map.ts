// Map without tiles, glyphs or another host: shapes are GeoJSON; labels and vehicles are HTML in system fonts.

import "maplibre-gl/dist/maplibre-gl.css";
import "./map.css";
import "../i18n/map_tools";
import {
  type CanvasSourceSpecification,
  type GeoJSONSource,
  GeolocateControl,
  type LngLat,
  LngLatBounds,
  Map as MapLibreMap,
  type MapGeoJSONFeature,
  Marker,
  type MapLayerMouseEvent,
  type MapMouseEvent,
  NavigationControl,
  Popup,
  ScaleControl,
  setWorkerUrl,
  type LayerSpecification,
} from "maplibre-gl";
// The library's worker: without this file the map remains empty, and no build would fail.
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";

import palette from "../../../headland/contract/palette.json";
import { printAsPicture } from "./map_print";
import { translate } from "../i18n/translate";
import { make } from "./dom";
import type { LegendItem } from "./legend";
import { LayerList } from "./map_layers";
import { MapLegend, type Means } from "./map_legend";
import { addBaseMap, groundItem, MEASURED, measuredItem, measureTool } from "./map_tools";

setWorkerUrl(workerUrl);

const MOST_FRAMES = 300;

export type Features = GeoJSON.FeatureCollection;
export const NO_FEATURES: Features = { type: "FeatureCollection", features: [] };

/** A layer without its source, which `setSource` adds, and what it means: the legend is made of that. */
export type MapLayer = Omit<LayerSpecification, "source" | "id"> & { id: string; paint?: object; layout?: object; means: Means };

/** A picture and its edges in degrees. */
export interface Picture {
  canvas: HTMLCanvasElement;
  west: number;
  south: number;
  east: number;
  north: number;
}

/** A map in its own element. Await `ready` before adding layers; `close` releases it. */
export class MapView {
  /** The map and, beneath it, its legend. */
  readonly element: HTMLElement;
  /** The map alone, and what lies over it. */
  readonly frame: HTMLElement;
  readonly legend = new MapLegend();
  readonly ready: Promise<void>;
  readonly #place = make("div", { class: "map-canvas" });
  #endPrint: () => void = () => undefined;
  readonly #markers = new Map<string, Marker>();
  readonly #told = new Set<string>();
  #created: MapLibreMap | null = null;
  /** The map once its style is loaded: before, the library refuses each source and layer. */
  #map: MapLibreMap | null = null;
  #layers: LayerList | null = null;

  constructor(name: string) {
    this.frame = make("div", { class: "map-view", "data-state": "loading" }, this.#place);
    this.element = make("div", { class: "map" }, this.frame, this.legend.element);
    this.ready = this.#start(name);
  }

  /** The map; null before it is ready and once it is closed. */
  get map(): MapLibreMap | null {
    return this.#map;
  }

  /** The list of the layers; null before the map is ready. */
  get layers(): LayerList | null {
    return this.#layers;
  }

  /** Return a colour of the style sheet. */
  colour(name: string): string {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || palette.no_value;
  }

  /** Set the features of the source `name`; the layers are added with the source, the first time. */
  setSource(name: string, features: Features, layers: MapLayer[]): void {
    const map = this.#map;
    if (map === null) return;
    this.legend.setSource(name, features, layers);
    const source = map.getSource<GeoJSONSource>(name);
    if (source) {
      source.setData(features);
      return;
    }
    map.addSource(name, { type: "geojson", data: features });
    for (const { means: _, ...layer } of layers) map.addLayer({ ...layer, source: name } as LayerSpecification);
  }

  setVisible(layer: string, visible: boolean): void {
    if (this.#map?.getLayer(layer)) this.#map.setLayoutProperty(layer, "visibility", visible ? "visible" : "none");
    this.legend.update();
  }

  remove(name: string): void {
    const map = this.#map;
    if (!map?.getSource(name)) return;
    for (const layer of map.getStyle().layers) if ("source" in layer && layer.source === name) map.removeLayer(layer.id);
    map.removeSource(name);
  }

  removeMarker(id: string): void {
    this.#markers.get(id)?.remove();
    this.#markers.delete(id);
    this.legend.setMark(id, null, null);
  }

  /** Place or move a marker; it means null where it is a name. */
  setMarker(
    id: string,
    element: HTMLElement,
    means: LegendItem | null,
    [longitudeDeg, latitudeDeg]: readonly [longitudeDeg: number, latitudeDeg: number],
    anchor: "center" | "bottom" = "center",
  ): void {
    const current = this.#markers.get(id);
    if (current && current.getElement() === element) current.setLngLat([longitudeDeg, latitudeDeg]);
    else if (this.#map) {
      current?.remove();
      this.#markers.set(id, new Marker({ element, anchor }).setLngLat([longitudeDeg, latitudeDeg]).addTo(this.#map));
    }
    this.legend.setMark(id, element, means);
  }

  onClick(layer: string, action: (feature: MapGeoJSONFeature, longitudeDeg: number, latitudeDeg: number) => void): void {
    this.#map?.on("click", layer, (event) => {
      const feature = event.features?.[0];
      if (feature) action(feature, event.lngLat.lng, event.lngLat.lat);
    });
    this.#map?.on("mouseenter", layer, () => this.#map?.getCanvas().classList.add("pointing"));
    this.#map?.on("mouseleave", layer, () => this.#map?.getCanvas().classList.remove("pointing"));
  }

  /** The same where something is drawn that has no features: `isAt` tells where it is. */
  onClickAt(
    isAt: (longitudeDeg: number, latitudeDeg: number) => boolean,
    action: (longitudeDeg: number, latitudeDeg: number) => void,
  ): void {
    this.#map?.on("click", ({ lngLat }) => {
      if (isAt(lngLat.lng, lngLat.lat)) action(lngLat.lng, lngLat.lat);
    });
    this.#map?.on("mousemove", ({ lngLat, target }) => target.getCanvas().classList.toggle("pointing", isAt(lngLat.lng, lngLat.lat)));
  }

  /** Tell a text beside the pointer where it is over a feature of a layer, and where one is tapped; null tells nothing. */
  tell(layer: string, textOf: (feature: MapGeoJSONFeature) => string | null): void {
    const map = this.#map;
    if (map === null || this.#told.has(layer)) return;
    this.#told.add(layer);
    const popup = this.#popup(map);
    const show = (event: MapLayerMouseEvent): void => popup(event.lngLat, event.features?.[0] ? textOf(event.features[0]) : null);
    map.on("mousemove", layer, show);
    map.on("click", layer, show);
    map.on("mouseleave", layer, (event) => popup(event.lngLat, null));
  }

  /** The same where something is drawn that has no features; `textAt` returns null elsewhere. */
  tellAt(textAt: (longitudeDeg: number, latitudeDeg: number) => string | null): void {
    const map = this.#map;
    if (map === null) return;
    const popup = this.#popup(map);
    const show = ({ lngLat }: MapMouseEvent): void => popup(lngLat, textAt(lngLat.lng, lngLat.lat));
    map.on("mousemove", show);
    map.on("click", show);
    map.on("mouseout", ({ lngLat }) => popup(lngLat, null));
  }

  #popup(map: MapLibreMap): (place: LngLat, text: string | null) => void {
    const popup = new Popup({ closeButton: false, closeOnClick: false, className: "map-told", maxWidth: "16rem" });
    map.on("movestart", () => popup.remove());
    return (place, text) => void (text === null ? popup.remove() : popup.setLngLat(place).setText(text).addTo(map));
  }

  /** Draw pictures under the layer `before` in place of those of the same name; `means` are the colours that are in them. */
  setPictures(name: string, pictures: readonly Picture[], opacity: number, before: string, means: readonly LegendItem[]): void {
    const map = this.#map;
    if (map === null) return;
    this.legend.setPictures(name, pictures.length === 0 ? [] : means, opacity);
    for (let number = 0; map.getSource(`${name}-${number}`); number += 1) this.remove(`${name}-${number}`);
    for (const [number, { canvas, west, south, east, north }] of pictures.entries()) {
      const id = `${name}-${number}`;
      const corners = [
        [west, north],
        [east, north],
        [east, south],
        [west, south],
      ] as CanvasSourceSpecification["coordinates"];
      map.addSource(id, { type: "canvas", canvas, coordinates: corners, animate: false });
      const paint = { "raster-opacity": opacity, "raster-resampling": "nearest", "raster-fade-duration": 0 } as const;
      map.addLayer({ id, type: "raster", source: id, paint }, before);
    }
  }

  setPicturesOpacity(name: string, opacity: number): void {
    for (let number = 0; this.#map?.getLayer(`${name}-${number}`); number += 1)
      this.#map.setPaintProperty(`${name}-${number}`, "raster-opacity", opacity);
  }

  fit(bounds: LngLatBounds | null, paddingPx = 40): void {
    if (bounds && !bounds.isEmpty()) this.#map?.fitBounds(bounds, { padding: paddingPx, animate: false, maxZoom: 19 });
  }

  close(): void {
    this.legend.close();
    for (const marker of this.#markers.values()) marker.remove();
    this.#markers.clear();
    this.#endPrint();
    this.#created?.remove();
    this.#created = null;
    this.#map = null;
  }

  async #start(name: string): Promise<void> {
    const { frame } = this;
    // The element must be in the document before the map measures it; a component may need several frames for that.
    for (let frame = 0; frame < MOST_FRAMES && (frame === 0 || this.#place.clientWidth === 0); frame += 1)
      await new Promise((resolve) => requestAnimationFrame(resolve));
    try {
      this.#created = new MapLibreMap({
        container: this.#place,
        style: {
          version: 8,
          sources: {},
          layers: [{ id: "ground", type: "background", paint: { "background-color": this.colour("--map-background") } }],
        },
        center: [0, 0],
        zoom: 1,
        attributionControl: false,
        dragRotate: false,
        pitchWithRotate: false,
        locale: {
          "Map.Title": translate("map_label", { name }),
          "NavigationControl.ZoomIn": translate("map_zoom_in"),
          "NavigationControl.ZoomOut": translate("map_zoom_out"),
          "GeolocateControl.FindMyLocation": translate("map_locate"),
          "GeolocateControl.LocationNotAvailable": translate("map_locate_not"),
        },
      });
    } catch {
      frame.dataset["state"] = "failed";
      this.#place.replaceChildren(make("p", { class: "empty" }, translate("map_failed")));
      throw new Error(translate("map_failed"));
    }
    const map = this.#created;
    this.#endPrint = printAsPicture(map);
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new ScaleControl({}), "bottom-left");
    // A browser tells where it is over TLS, and on the machine itself, only.
    if (window.isSecureContext && "geolocation" in navigator) {
      map.addControl(new GeolocateControl({ trackUserLocation: true, positionOptions: { enableHighAccuracy: true } }), "top-right");
      // The control names its button only once it has asked whether it may know the place.
      map.getContainer().querySelector(".maplibregl-ctrl-geolocate")?.setAttribute("aria-label", translate("map_locate"));
    }
    map.on("error", (event) => {
      frame.dataset["state"] = "failed";
      console.error(event.error);
    });
    map.on("idle", () => {
      if (frame.dataset["state"] !== "failed") frame.dataset["state"] = "idle";
    });
    await new Promise<void>((resolve) => map.once("load", () => resolve()));
    this.#map = map;
    this.legend.open(map);
    const layers = new LayerList(map, () => this.legend.update());
    this.#layers = layers;
    const bar = make("div", { class: "map-bar" }, measureTool(map), layers.button);
    frame.append(bar, layers.panel);
    this.legend.explain(() => MEASURED, measuredItem);
    // What looks at a map from outside, as a test does, finds it by this.
    frame.dispatchEvent(new CustomEvent("map", { bubbles: true, detail: map }));
    // A map without its base is a map.
    void addBaseMap(map)
      .then((ids) => {
        if (ids.length === 0) return;
        this.legend.explain(() => ids, groundItem);
        layers.add({ id: "base", title: translate("tool_base"), layers: ids });
      })
      .catch(() => undefined)
      .then(() => this.#offerSources(map, bar))
      .catch(() => undefined);
  }

  /** Offer the sources of tiles that were named, with what has to be said of the one that is drawn. */
  async #offerSources(map: MapLibreMap, bar: HTMLElement): Promise<void> {
    const [choice, ...said] = (await (await import("./map_sources")).addSourceChoice(map)) ?? [];
    if (choice === undefined) return;
    bar.append(choice);
    this.frame.append(...said);
  }
}

/** Return the box around all of `features`, null for none. */
export function boundsOf(features: Features): LngLatBounds | null {
  const bounds = new LngLatBounds();
  const walk = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    if (typeof part[0] === "number") bounds.extend(part as [number, number]);
    else for (const inner of part) walk(inner);
  };
  for (const feature of features.features) if (feature.geometry && "coordinates" in feature.geometry) walk(feature.geometry.coordinates);
  return bounds.isEmpty() ? null : bounds;
}
