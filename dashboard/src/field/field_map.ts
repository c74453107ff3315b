// Map of a field: planned rates, applied rates and deviation by cell; skips, overlaps and the track.

import "../i18n/field";
import "../i18n/map_tools";
import type { ExpressionSpecification } from "maplibre-gl";

import { fieldFeatures, zoneFeatures, type FieldRecord } from "../api/registry";
import { make } from "../components/dom";
import { boundsOf, MapView, NO_FEATURES } from "../components/map";
import { legendOf, type LegendItem } from "../components/legend";
import { toAreaUnit, numberText, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import type { CellGrid } from "./cell_grid";
import { CLASS_COLOURS, drawCells, isUnknown, NOT_APPLIED, RATE_COLOURS, UNKNOWN } from "./cell_picture";
import type { Cover, ZoneMap } from "./records";

export const LAYERS = ["planned", "applied", "deviation", "none"] as const;
const OPACITY = 0.88;
export type Layer = (typeof LAYERS)[number];

const EQUATOR_M = 40_075_017;

export class FieldMap {
  readonly element: HTMLElement;
  readonly view: MapView;
  readonly #legend = make("ul", { class: "keys legend" });
  #cells: CellGrid | null = null;
  #isUnderWay = false;
  #zones: ZoneMap | null = null;
  #maxRate = 1;
  #opacity = OPACITY;
  #layer: Layer = "deviation";

  constructor(field: FieldRecord, onCell: (longitudeDeg: number, latitudeDeg: number) => void) {
    this.view = new MapView(translate("field_map", { name: field.name }));
    this.element = make("div", { class: "field-map" }, this.view.element, this.#legend);
    void this.view.ready.then(
      () => {
        const colour = (name: string): string => this.view.colour(name);
        this.view.setSource("field", fieldFeatures([field]), [
          { id: "field-fill", type: "fill", paint: { "fill-color": colour("--field"), "fill-opacity": 0.35 } },
        ]);
        this.view.setSource("swaths", NO_FEATURES, [
          {
            id: "swaths-line",
            type: "line",
            layout: { "line-cap": "butt", "line-join": "round" },
            paint: { "line-color": colour("--cool"), "line-opacity": 0.35, "line-width": 1 },
          },
        ]);
        this.view.setSource("zones", NO_FEATURES, [
          {
            id: "zones-fill",
            type: "fill",
            paint: { "fill-color": zoneColour(1), "fill-opacity": OPACITY, "fill-antialias": false },
          },
        ]);
        this.view.setSource(
          "edges",
          { type: "FeatureCollection", features: [...fieldFeatures([field]).features, ...zoneFeatures([field]).features] },
          [{ id: "edges-line", type: "line", paint: { "line-color": colour("--field-edge"), "line-width": 2 } }],
        );
        this.view.setSource("track", NO_FEATURES, [
          { id: "track-line", type: "line", paint: { "line-color": colour("--track"), "line-width": 1.2 } },
        ]);
        this.view.setSource("flown", NO_FEATURES, [
          {
            id: "flown-line",
            type: "line",
            layout: { "line-cap": "round", "line-join": "round" },
            paint: { "line-color": colour("--cool"), "line-width": ["case", ["get", "on"], 5, 1.8] },
          },
        ]);
        this.view.setSource("cover", NO_FEATURES, [
          {
            id: "cover-cells",
            type: "line",
            paint: { "line-color": ["match", ["get", "kind"], "skip", CLASS_COLOURS.skip, CLASS_COLOURS.double], "line-width": 2 },
          },
        ]);
        this.view.setSource("spots", NO_FEATURES, [
          {
            id: "cover-spots",
            type: "circle",
            paint: {
              "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "area_m2"]], 0, 3, 20, 12],
              "circle-color": "rgba(0,0,0,0)",
              "circle-stroke-color": ["match", ["get", "kind"], "skip", CLASS_COLOURS.skip, CLASS_COLOURS.double],
              "circle-stroke-width": 2,
            },
          },
        ]);
        this.view.setSource("chosen", NO_FEATURES, [
          { id: "chosen-line", type: "line", paint: { "line-color": colour("--ink"), "line-width": 3 } },
        ]);
        this.view.onClickAt(
          (longitudeDeg, latitudeDeg) => this.#cellAt(longitudeDeg, latitudeDeg) !== null,
          (longitudeDeg, latitudeDeg) => onCell(longitudeDeg, latitudeDeg),
        );
        this.view.tellAt((longitudeDeg, latitudeDeg) => this.#cellText(this.#cellAt(longitudeDeg, latitudeDeg)));
        this.view.tell("zones-fill", ({ properties }) => this.#rateText("planned", properties["rate_ha"] as number));
        this.view.fit(boundsOf(fieldFeatures([field])), 36);
        this.#listLayers();
        this.#updateLayers();
      },
      () => undefined,
    );
  }

  /** Remove everything that is about a pass: what was drawn for one is not seen with another. */
  clear(): void {
    this.drawCells(null);
    if (this.view.map === null) return;
    for (const name of ["spots", "track", "flown", "swaths", "chosen"]) this.view.setSource(name, NO_FEATURES, []);
    this.view.setMarker("replay", null);
  }

  /** Draw the cells of a pass; null removes them. The map is ready. */
  drawCells(cells: CellGrid | null, isUnderWay = false): void {
    this.#cells = cells;
    this.#isUnderWay = isUnderWay;
    this.#zones = null;
    this.#maxRate = cells?.maxRate() ?? 1;
    if (this.view.map === null) return;
    // Idle again once the cells are drawn.
    if (this.view.element.dataset["state"] === "idle") this.view.element.dataset["state"] = "loading";
    this.view.setSource("zones", NO_FEATURES, []);
    this.view.setSource("cover", cells?.coverLines() ?? NO_FEATURES, []);
    this.#updateLayers();
  }

  /** Draw the zones of a prescription in place of cells. */
  drawZones(zones: ZoneMap): void {
    this.drawCells(null);
    this.#zones = zones;
    this.#maxRate = Math.max(1e-9, ...zones.features.map(({ properties }) => properties.rate_ha));
    this.view.map?.setPaintProperty("zones-fill", "fill-color", zoneColour(this.#maxRate));
    if (this.view.map) this.view.setSource("zones", zones, []);
    this.#updateLayers();
  }

  /** Draw where the pump or feeder was commanded on, as wide as the swath; without a swath nothing. */
  drawSwaths(lines: GeoJSON.FeatureCollection): void {
    if (this.view.map) this.view.setSource("swaths", lines, []);
  }

  setSwath(swathM: number | null): void {
    const { map } = this.view;
    if (!map?.getLayer("swaths-line")) return;
    // A pixel at zoom 0 is 1/512 of the equator; it halves with each zoom.
    const pixelM = (EQUATOR_M / 512) * Math.cos((map.getCenter().lat * Math.PI) / 180);
    const width = (zoom: number): number => ((swathM ?? 0) * 2 ** zoom) / pixelM;
    map.setPaintProperty("swaths-line", "line-width", ["interpolate", ["exponential", 2], ["zoom"], 0, width(0), 24, width(24)]);
    const text =
      swathM === null ? translate("tool_layer_swath_unknown") : translate("tool_layer_swath_width", { width: withUnit(swathM, "m") });
    this.view.layers?.setLegend("swaths", [{ colour: this.view.colour("--cool"), text }]);
  }

  /** Circle the larger skips and overlaps. */
  drawSpots(cover: Cover): void {
    if (this.view.map) this.view.setSource("spots", spotFeatures(cover), []);
  }

  setLayer(layer: Layer): void {
    this.#layer = layer;
    this.#updateLayers();
  }

  /** Let what is under the cells be seen: 1 hides it. */
  setOpacity(opacity: number): void {
    this.#opacity = opacity;
    this.view.setPicturesOpacity("cells", opacity);
    if (this.view.map?.getLayer("zones-fill")) this.view.map.setPaintProperty("zones-fill", "fill-opacity", opacity);
  }

  setVisible(overlay: "cover" | "track", visible: boolean): void {
    for (const layer of overlay === "cover" ? ["cover-cells", "cover-spots"] : ["track-line"]) this.view.setVisible(layer, visible);
  }

  /** Outline a cell. */
  markCell(west: number, south: number, east: number, north: number): void {
    const ring = [
      [west, south],
      [east, south],
      [east, north],
      [west, north],
      [west, south],
    ];
    this.view.setSource(
      "chosen",
      { type: "FeatureCollection", features: [{ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } }] },
      [],
    );
  }

  #listLayers(): void {
    const { layers } = this.view;
    const colour = this.view.colour("--cool");
    layers?.add({ id: "cells", title: translate("tool_layer_cells"), onVisible: () => this.#updateLayers() });
    layers?.add({
      id: "swaths",
      title: translate("tool_layer_swaths"),
      layers: ["swaths-line"],
      isOff: true,
      legend: [{ colour, text: translate("tool_layer_swath_unknown") }],
    });
    layers?.add({ id: "edges", title: translate("tool_layer_edges"), layers: ["edges-line"], colour: this.view.colour("--field-edge") });
    const hide = (visible: boolean) => void this.view.element.classList.toggle("without-wind", !visible);
    layers?.add({ id: "wind", title: translate("tool_layer_wind"), onVisible: hide });
  }

  /** Return the cell that is displayed at a position, null for none. */
  #cellAt(longitudeDeg: number, latitudeDeg: number): number | null {
    return this.#drawnLayer() === null ? null : (this.#cells?.cellAt(longitudeDeg, latitudeDeg) ?? null);
  }

  /** Return what a cell is about as one sentence, in the unit of the user. */
  #cellText(cell: number | null): string | null {
    if (this.#cells === null || cell === null) return null;
    const { planned_ha: planned, applied_ha: applied } = this.#cells.grids;
    const kind = this.#cells.nameOf("kind", cell);
    const parts = [
      this.#rateText("planned", planned[cell] as number),
      this.#rateText("applied", applied[cell] as number),
      kind === null ? null : term("deviation_classes", kind),
    ].filter((part) => part !== null);
    return parts.length === 0 ? null : parts.join(" · ");
  }

  #rateText(layer: "planned" | "applied", rate: number): string | null {
    return Number.isNaN(rate) ? null : `${translate(`field_layer_${layer}`)} ${withUnit(rate, this.#rateUnit())}`;
  }

  #rateUnit(): string {
    return this.#zones?.unit ?? `${this.#cells?.head.unit ?? "kg"}/ha`;
  }

  /** Return the layer that is displayed, null for none. */
  #drawnLayer(): Exclude<Layer, "none"> | null {
    return this.#layer !== "none" && (this.view.layers?.isShown("cells") ?? true) ? this.#layer : null;
  }

  #updateLayers(): void {
    const layer = this.#drawnLayer();
    const pictures = this.#cells === null || layer === null ? [] : drawCells(this.#cells, layer, this.#maxRate, this.#isUnderWay);
    this.view.setPictures("cells", pictures, this.#opacity, "edges-line");
    this.view.setVisible("zones-fill", layer === "planned");
    const legend = (this.#cells === null && this.#zones === null) || this.#layer === "none" ? [] : this.#legendItems();
    this.#legend.replaceChildren(...legendOf(legend));
    this.view.layers?.setLegend("cells", legend);
  }

  #legendItems(): LegendItem[] {
    const key = (colour: string, text: string): LegendItem => ({ colour, text });
    const { names } = this.#cells?.head ?? {};
    const unknown = new Set((names?.evidence ?? []).flatMap((name, code) => (isUnknown(name) ? [code] : [])));
    const special = [
      this.#cells?.grids.evidence.some((code) => unknown.has(code)) ? key(UNKNOWN, translate("field_key_unknown")) : null,
      this.#layer !== "planned" && !this.#isUnderWay ? key(NOT_APPLIED, translate("field_key_not_applied")) : null,
    ].filter((item) => item !== null);
    if (this.#layer === "deviation") {
      return [...Object.entries(CLASS_COLOURS).map(([name, colour]) => key(colour, term("deviation_classes", name))), ...special];
    }
    const steps = RATE_COLOURS.map((colour, index) => {
      const shown = toAreaUnit((this.#maxRate * index) / (RATE_COLOURS.length - 1), this.#rateUnit());
      return key(colour, `${numberText(shown.value, 1)}${index === RATE_COLOURS.length - 1 ? ` ${shown.unit}` : ""}`);
    });
    return [...steps, ...(this.#layer === "planned" ? [] : special)];
  }
}

function spotFeatures(cover: Cover): GeoJSON.FeatureCollection {
  const spots = [...cover.skips.map((spot) => ({ spot, kind: "skip" })), ...cover.overlaps.map((spot) => ({ spot, kind: "overlap" }))];
  return {
    type: "FeatureCollection",
    features: spots.map(({ spot, kind }) => ({
      type: "Feature",
      properties: { kind, area_m2: spot.area_m2 },
      geometry: { type: "Point", coordinates: [spot.longitude_deg, spot.latitude_deg] },
    })),
  };
}

/** Return the colour of a prescription's zone by its rate. */
function zoneColour(maxRate: number): ExpressionSpecification {
  const stops = RATE_COLOURS.flatMap((colour, index) => [(maxRate * index) / (RATE_COLOURS.length - 1), colour]);
  return ["interpolate", ["linear"], ["get", "rate_ha"], ...stops] as unknown as ExpressionSpecification;
}
