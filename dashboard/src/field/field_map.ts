// Map of a field: planned rates, applied rates and deviation by cell; skips, overlaps and the track.

import "../i18n/field";
import "../i18n/map_legend";
import "../i18n/map_tools";
import type { ExpressionSpecification } from "maplibre-gl";

import { fieldFeatures, zoneFeatures, type FieldRecord } from "../api/registry";
import { make } from "../components/dom";
import { fieldEdge, fieldFill, untreatedLayers } from "../components/field_layers";
import { boundsOf, MapView, NO_FEATURES } from "../components/map";
import type { LegendItem } from "../components/legend";
import { toAreaUnit, numberText, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import type { CellGrid } from "./cell_grid";
import { type CellPictures, CLASS_COLOURS, drawCells, NOT_APPLIED, RATE_COLOURS, UNKNOWN } from "./cell_picture";
import type { Cover, ZoneMap } from "./records";

export const LAYERS = ["planned", "applied", "deviation", "none"] as const;
const OPACITY = 0.88;
export type Layer = (typeof LAYERS)[number];

const EQUATOR_M = 40_075_017;

export class FieldMap {
  readonly element: HTMLElement;
  readonly view: MapView;
  #cells: CellGrid | null = null;
  #isUnderWay = false;
  #zones: ZoneMap | null = null;
  #maxRate = 1;
  #swathM: number | null = null;
  #opacity = OPACITY;
  #layer: Layer = "deviation";

  constructor(field: FieldRecord, onCell: (longitudeDeg: number, latitudeDeg: number) => void) {
    this.view = new MapView(translate("field_map", { name: field.name }));
    this.element = make("div", { class: "field-map" }, this.view.element);
    void this.view.ready.then(
      () => {
        const colour = (name: string): string => this.view.colour(name);
        this.view.setSource("field", fieldFeatures([field]), [fieldFill(this.view, "field-fill", 0.35)]);
        this.view.setSource("swaths", NO_FEATURES, [
          {
            id: "swaths-line",
            type: "line",
            layout: { "line-cap": "butt", "line-join": "round" },
            paint: { "line-color": colour("--cool"), "line-opacity": 0.35, "line-width": 1 },
            means: () => this.#swathItems(),
          },
        ]);
        this.view.setSource("zones", NO_FEATURES, [
          {
            id: "zones-fill",
            type: "fill",
            paint: { "fill-color": zoneColour(1), "fill-opacity": OPACITY, "fill-antialias": false },
            means: () => this.#rateItems(),
          },
        ]);
        this.view.setSource("edges", fieldFeatures([field]), [fieldEdge(this.view, "edges-line")]);
        this.view.setSource("untreated", zoneFeatures([field]), untreatedLayers("untreated"));
        this.view.setSource("track", NO_FEATURES, [
          {
            id: "track-line",
            type: "line",
            paint: { "line-color": colour("--track"), "line-width": 1.2 },
            means: { colour: colour("--track"), text: translate("legend_track") },
          },
        ]);
        this.view.setSource("flown", NO_FEATURES, [
          {
            id: "flown-line",
            type: "line",
            layout: { "line-cap": "round", "line-join": "round" },
            paint: { "line-color": colour("--cool"), "line-width": ["case", ["get", "on"], 5, 1.8] },
            means: ({ features }) =>
              kindsOf(features, "on").map((on) => ({
                colour: colour("--cool"),
                text: translate(on ? "legend_flown_on" : "legend_flown"),
                shape: on ? "thick" : "line",
              })),
          },
        ]);
        this.view.setSource("cover", NO_FEATURES, [
          {
            id: "cover-cells",
            type: "line",
            paint: { "line-color": ["match", ["get", "kind"], "skip", CLASS_COLOURS.skip, CLASS_COLOURS.double], "line-width": 2 },
            means: ({ features }) =>
              kindsOf(features, "kind").map((kind) =>
                kind === "skip"
                  ? { colour: CLASS_COLOURS.skip, text: translate("legend_skip_edge") }
                  : { colour: CLASS_COLOURS.double, text: translate("legend_double_edge") },
              ),
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
            means: ({ features }) =>
              kindsOf(features, "kind").map((kind) =>
                kind === "skip"
                  ? { colour: CLASS_COLOURS.skip, text: translate("legend_skip_spot") }
                  : { colour: CLASS_COLOURS.double, text: translate("legend_overlap_spot") },
              ),
          },
        ]);
        this.view.setSource("chosen", NO_FEATURES, [
          {
            id: "chosen-line",
            type: "line",
            paint: { "line-color": colour("--ink"), "line-width": 3 },
            means: { colour: colour("--ink"), text: translate("legend_chosen_cell") },
          },
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
    this.view.removeMarker("replay");
  }

  /** Draw the cells of a pass; null removes them. The map is ready. */
  drawCells(cells: CellGrid | null, isUnderWay = false): void {
    this.#cells = cells;
    this.#isUnderWay = isUnderWay;
    this.#zones = null;
    this.#maxRate = cells?.maxRate() ?? 1;
    if (this.view.map === null) return;
    // Idle again once the cells are drawn.
    if (this.view.frame.dataset["state"] === "idle") this.view.frame.dataset["state"] = "loading";
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
    this.view.layers?.setNote("swaths", swathM === null ? translate("tool_layer_swath_unknown") : "");
    this.#swathM = swathM;
    this.view.legend.update();
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
      colour,
      isOff: true,
      note: translate("tool_layer_swath_unknown"),
    });
    layers?.add({
      id: "edges",
      title: translate("tool_layer_edges"),
      layers: ["edges-line", "untreated-fill", "untreated-line"],
      colour: this.view.colour("--field-edge"),
    });
    const hide = (visible: boolean) => void this.view.frame.classList.toggle("without-wind", !visible);
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
    const drawn = this.#cells === null || layer === null ? null : drawCells(this.#cells, layer, this.#maxRate, this.#isUnderWay);
    this.view.setPictures("cells", drawn?.pictures ?? [], this.#opacity, "edges-line", drawn === null ? [] : this.#cellItems(drawn));
    this.view.setVisible("zones-fill", layer === "planned");
  }

  #cellItems({ has, hasRates }: CellPictures): LegendItem[] {
    const special = [
      { colour: UNKNOWN, text: translate("field_key_unknown") },
      { colour: NOT_APPLIED, text: translate("field_key_not_applied") },
    ].filter(({ colour }) => has(colour));
    if (this.#layer !== "deviation") return [...(hasRates ? this.#rateItems() : []), ...special];
    const classes = Object.entries(CLASS_COLOURS).filter(([, colour]) => has(colour));
    return [...classes.map(([name, colour]) => ({ colour, text: term("deviation_classes", name) })), ...special];
  }

  #rateItems(): LegendItem[] {
    return RATE_COLOURS.map((colour, index) => {
      const shown = toAreaUnit((this.#maxRate * index) / (RATE_COLOURS.length - 1), this.#rateUnit());
      return {
        colour,
        text: `${numberText(shown.value, 1)}${index === RATE_COLOURS.length - 1 ? ` ${shown.unit}` : ""}`,
        opacity: OPACITY,
      };
    });
  }

  #swathItems(): LegendItem[] {
    if (this.#swathM === null) return [];
    const text = translate("legend_swath", { width: withUnit(this.#swathM, "m") });
    return [{ colour: this.view.colour("--cool"), text, shape: "thick" }];
  }
}

/** Return the values of a property that features have. */
function kindsOf(features: readonly GeoJSON.Feature[], name: string): unknown[] {
  return [...new Set(features.map(({ properties }): unknown => properties?.[name]))];
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
