// The map: no tiles, no glyphs, no other host. Ground is GeoJSON, names and vehicles are HTML, so system fonts do.

import "maplibre-gl/dist/maplibre-gl.css";
import { type GeoJSONSource, LngLatBounds, Map as GroundMap, type MapGeoJSONFeature, Marker, NavigationControl, ScaleControl, setWorkerUrl, type LayerSpecification } from "maplibre-gl";
// The library's main part starts this as its worker: without it the map stays empty, and no build would say so.
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";

import { word } from "../i18n/translate";
import { make } from "./dom";

setWorkerUrl(workerUrl);

export type GroundFeatures = GeoJSON.FeatureCollection;
export const NO_FEATURES: GroundFeatures = { type: "FeatureCollection", features: [] };

/** A layer without the source's name: that is added where the layer is. */
export type GroundLayer = Omit<LayerSpecification, "source" | "id"> & { id: string; paint?: object; layout?: object };

/** A map in its own element. Ask `ready` before layers are added; `close` lets go of it. */
export class Ground {
  readonly element: HTMLElement;
  readonly ready: Promise<void>;
  readonly #place = make("div", { class: "ground-canvas" });
  readonly #markers = new Map<string, Marker>();
  #map: GroundMap | null = null;

  constructor(name: string) {
    this.element = make("div", { class: "ground", "data-state": "wait" }, this.#place);
    this.ready = this.#start(name);
  }

  get map(): GroundMap | null {
    return this.#map;
  }

  /** Return a colour of the page for the map's paint. */
  tone(name: string): string {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#888888";
  }

  /** Show `features` under `name`, with layers that are added the first time. */
  show(name: string, features: GroundFeatures, layers: GroundLayer[]): void {
    const map = this.#map;
    if (map === null) return;
    const source = map.getSource<GeoJSONSource>(name);
    if (source) {
      source.setData(features);
      return;
    }
    map.addSource(name, { type: "geojson", data: features });
    for (const layer of layers) map.addLayer({ ...layer, source: name } as LayerSpecification);
  }

  setVisible(layer: string, visible: boolean): void {
    if (this.#map?.getLayer(layer)) this.#map.setLayoutProperty(layer, "visibility", visible ? "visible" : "none");
  }

  remove(name: string): void {
    const map = this.#map;
    if (!map?.getSource(name)) return;
    for (const layer of map.getStyle().layers) if ("source" in layer && layer.source === name) map.removeLayer(layer.id);
    map.removeSource(name);
  }

  /** Put `element` at a place, or move it there; `null` takes it away. */
  mark(id: string, element: HTMLElement | null, longitudeDeg = 0, latitudeDeg = 0, anchor: "center" | "bottom" = "center"): void {
    const known = this.#markers.get(id);
    if (element === null) {
      known?.remove();
      this.#markers.delete(id);
    } else if (known && known.getElement() === element) known.setLngLat([longitudeDeg, latitudeDeg]);
    else if (this.#map) {
      known?.remove();
      this.#markers.set(id, new Marker({ element, anchor }).setLngLat([longitudeDeg, latitudeDeg]).addTo(this.#map));
    }
  }

  onClick(layer: string, act: (feature: MapGeoJSONFeature, longitudeDeg: number, latitudeDeg: number) => void): void {
    this.#map?.on("click", layer, (event) => {
      const feature = event.features?.[0];
      if (feature) act(feature, event.lngLat.lng, event.lngLat.lat);
    });
    this.#map?.on("mouseenter", layer, () => this.#map?.getCanvas().classList.add("pointing"));
    this.#map?.on("mouseleave", layer, () => this.#map?.getCanvas().classList.remove("pointing"));
  }

  fit(bounds: LngLatBounds | null, paddingPx = 40): void {
    if (bounds && !bounds.isEmpty()) this.#map?.fitBounds(bounds, { padding: paddingPx, animate: false, maxZoom: 19 });
  }

  close(): void {
    for (const marker of this.#markers.values()) marker.remove();
    this.#markers.clear();
    this.#map?.remove();
    this.#map = null;
  }

  async #start(name: string): Promise<void> {
    // The element must be in the page before the map measures it.
    await new Promise((resolve) => requestAnimationFrame(resolve));
    try {
      this.#map = new GroundMap({
        container: this.#place,
        style: { version: 8, sources: {}, layers: [{ id: "ground", type: "background", paint: { "background-color": this.tone("--map-ground") } }] },
        center: [0, 0],
        zoom: 1,
        attributionControl: false,
        dragRotate: false,
        pitchWithRotate: false,
        locale: { "Map.Title": word("map_label", { name }) },
      });
    } catch {
      this.element.dataset["state"] = "failed";
      this.#place.replaceChildren(make("p", { class: "empty" }, word("map_failed")));
      throw new Error(word("map_failed"));
    }
    const map = this.#map;
    map.touchZoomRotate.disableRotation();
    map.keyboard.disableRotation();
    map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new ScaleControl({}), "bottom-left");
    map.on("error", (event) => {
      this.element.dataset["state"] = "failed";
      console.error(event.error);
    });
    map.on("idle", () => {
      if (this.element.dataset["state"] !== "failed") this.element.dataset["state"] = "idle";
    });
    await new Promise<void>((resolve) => map.once("load", () => resolve()));
  }
}

/** Return the box around all of `features`, null for none. */
export function boundsOf(features: GroundFeatures): LngLatBounds | null {
  const bounds = new LngLatBounds();
  const walk = (part: unknown): void => {
    if (!Array.isArray(part)) return;
    if (typeof part[0] === "number") bounds.extend(part as [number, number]);
    else for (const inner of part) walk(inner);
  };
  for (const feature of features.features) if (feature.geometry && "coordinates" in feature.geometry) walk(feature.geometry.coordinates);
  return bounds.isEmpty() ? null : bounds;
}
