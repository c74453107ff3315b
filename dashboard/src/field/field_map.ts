// Map of a field: planned rates, applied rates and deviation by cell; skips, overlaps and the track.

import "../i18n/field";
import "../i18n/map_tools";
import type { ExpressionSpecification } from "maplibre-gl";

import { fieldFeatures, zoneFeatures, type FieldRecord } from "../api/registry";
import { make } from "../components/dom";
import { boundsOf, MapView, NO_FEATURES } from "../components/map";
import { legendOf, type LegendItem } from "../components/map_layers";
import { toAreaUnit, numberText, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import type { CellMap, CellProperties, Cover } from "./records";

export const LAYERS = ["planned", "applied", "deviation", "none"] as const;
const CELL_LAYERS = ["planned", "applied", "deviation"] as const;
const OPACITY = 0.88;
export type Layer = (typeof LAYERS)[number];

/** From too little to too much, distinguishable by the colour-blind (ColorBrewer RdYlBu). */
const CLASS_COLOURS = { skip: "#a50026", under: "#f58a4a", on_target: "#f7f0a8", over: "#74add1", double: "#313695" } as const;
/** From little to much (ColorBrewer YlGn). */
const RATE_COLOURS = ["#ffffe5", "#d9f0a3", "#78c679", "#238443", "#004529"];
const NOT_APPLIED = "#4a4a4a";
const UNKNOWN = "#c45ac4";
const EQUATOR_M = 40_075_017;

export class FieldMap {
  readonly element: HTMLElement;
  readonly view: MapView;
  readonly #legend = make("ul", { class: "keys legend" });
  #cells: CellMap | null = null;
  #maxRate = 1;
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
        this.view.setSource("cells", NO_FEATURES, [
          cellLayer("planned", rateColour("planned_ha", 1)),
          cellLayer("applied", rateColour("applied_ha", 1)),
          cellLayer("deviation", classColour()),
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
        for (const layer of CELL_LAYERS)
          this.view.onClick(`cells-${layer}`, (_, longitudeDeg, latitudeDeg) => onCell(longitudeDeg, latitudeDeg));
        for (const layer of CELL_LAYERS) this.view.tell(`cells-${layer}`, ({ properties }) => this.#cellText(properties as CellProperties));
        this.view.fit(boundsOf(fieldFeatures([field])), 36);
        this.#listLayers();
        this.#updateLayers();
      },
      () => undefined,
    );
  }

  /** Draw the cells of a pass; null removes them. */
  async drawCells(cells: CellMap | null): Promise<void> {
    await this.view.ready.catch(() => undefined);
    this.#cells = cells;
    this.#maxRate = Math.max(
      1e-9,
      ...(cells?.features ?? []).flatMap(({ properties }) => [
        properties.planned_ha ?? 0,
        Math.min(properties.applied_ha ?? 0, 2 * (properties.planned_ha ?? Infinity)),
      ]),
    );
    const map = this.view.map;
    if (map === null) return;
    map.setPaintProperty("cells-planned", "fill-color", rateColour("planned_ha", this.#maxRate));
    map.setPaintProperty("cells-applied", "fill-color", rateColour("applied_ha", this.#maxRate));
    // Idle again once the cells are drawn: before that a click finds none.
    if (this.view.element.dataset["state"] === "idle") this.view.element.dataset["state"] = "loading";
    this.view.setSource("cells", cells ?? NO_FEATURES, []);
    this.view.setSource("cover", coverFeatures(cells), []);
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
    for (const layer of CELL_LAYERS)
      if (this.view.map?.getLayer(`cells-${layer}`)) this.view.map.setPaintProperty(`cells-${layer}`, "fill-opacity", opacity);
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

  /** Return what a cell is about as one sentence, in the unit of the user. */
  #cellText({ planned_ha: planned, applied_ha: applied, kind }: CellProperties): string | null {
    const unit = `${this.#cells?.unit ?? "kg"}/ha`;
    const parts = [
      planned === null ? null : `${translate("field_layer_planned")} ${withUnit(planned, unit)}`,
      applied === null ? null : `${translate("field_layer_applied")} ${withUnit(applied, unit)}`,
      kind === null ? null : term("deviation_classes", kind),
    ].filter((part) => part !== null);
    return parts.length === 0 ? null : parts.join(" · ");
  }

  #updateLayers(): void {
    const isShown = this.view.layers?.isShown("cells") ?? true;
    for (const layer of CELL_LAYERS) this.view.setVisible(`cells-${layer}`, isShown && layer === this.#layer);
    const legend = this.#cells === null || this.#layer === "none" ? [] : this.#legendItems(this.#cells);
    this.#legend.replaceChildren(...legendOf(legend));
    this.view.layers?.setLegend("cells", legend);
  }

  #legendItems(cells: CellMap): LegendItem[] {
    const key = (colour: string, text: string): LegendItem => ({ colour, text });
    const has = (test: (properties: CellMap["features"][number]["properties"]) => boolean): boolean =>
      cells.features.some((feature) => test(feature.properties));
    const special = [
      has((cell) => isUnknown(cell.evidence)) ? key(UNKNOWN, translate("field_key_unknown")) : null,
      this.#layer !== "planned" ? key(NOT_APPLIED, translate("field_key_not_applied")) : null,
    ].filter((item) => item !== null);
    if (this.#layer === "deviation") {
      return [...Object.entries(CLASS_COLOURS).map(([name, colour]) => key(colour, term("deviation_classes", name))), ...special];
    }
    const steps = RATE_COLOURS.map((colour, index) => {
      const shown = toAreaUnit((this.#maxRate * index) / (RATE_COLOURS.length - 1), `${cells.unit}/ha`);
      return key(colour, `${numberText(shown.value, 1)}${index === RATE_COLOURS.length - 1 ? ` ${shown.unit}` : ""}`);
    });
    return [...steps, ...(this.#layer === "planned" ? [] : special)];
  }
}

/** Return the cells that no swath or more than one covered. */
function coverFeatures(cells: CellMap | null): GeoJSON.FeatureCollection {
  const features = (cells?.features ?? []).flatMap((feature) => {
    const kind = feature.properties.cause === "overlap" ? "overlap" : feature.properties.cause === "not_covered" ? "skip" : null;
    return kind === null ? [] : [{ ...feature, properties: { kind } }];
  });
  return { type: "FeatureCollection", features };
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

export function isUnknown(evidence: string | null): boolean {
  return evidence === "pump_pwm" || evidence === "declared";
}

function cellLayer(name: string, colour: ExpressionSpecification): { id: string; type: "fill"; paint: object; layout: object } {
  return {
    id: `cells-${name}`,
    type: "fill",
    layout: { visibility: "none" },
    paint: { "fill-color": colour, "fill-opacity": OPACITY, "fill-antialias": false },
  };
}

function rateColour(property: "planned_ha" | "applied_ha", maxRate: number): ExpressionSpecification {
  const stops = RATE_COLOURS.flatMap((colour, index) => [(maxRate * index) / (RATE_COLOURS.length - 1), colour]);
  const known: ExpressionSpecification = ["interpolate", ["linear"], ["get", property], ...stops] as unknown as ExpressionSpecification;
  const unknown: unknown = [
    "case",
    ["in", ["coalesce", ["get", "evidence"], ""], ["literal", ["pump_pwm", "declared"]]],
    UNKNOWN,
    "rgba(0,0,0,0)",
  ];
  if (property === "planned_ha")
    return ["case", ["==", ["get", property], null], "rgba(0,0,0,0)", known] as unknown as ExpressionSpecification;
  return [
    "case",
    ["==", ["get", property], null],
    unknown,
    ["<=", ["get", property], 0],
    NOT_APPLIED,
    known,
  ] as unknown as ExpressionSpecification;
}

function classColour(): ExpressionSpecification {
  const unknown = ["case", ["in", ["coalesce", ["get", "evidence"], ""], ["literal", ["pump_pwm", "declared"]]], UNKNOWN, "rgba(0,0,0,0)"];
  return [
    "case",
    ["all", ["==", ["get", "applied_ha"], 0], ["==", ["get", "kind"], "skip"]],
    NOT_APPLIED,
    ["match", ["coalesce", ["get", "kind"], ""], ...Object.entries(CLASS_COLOURS).flat(), unknown],
  ] as unknown as ExpressionSpecification;
}
