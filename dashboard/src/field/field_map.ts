// The field's ground: what was planned, what came down and the difference, cell by cell; skips, overlaps and the track.

import type { ExpressionSpecification } from "maplibre-gl";

import { fieldFeatures, zoneFeatures, type FieldRecord } from "../api/registry";
import { make } from "../components/dom";
import { boundsOf, Ground, NO_FEATURES } from "../components/map";
import { inChosenArea, numberText } from "../i18n/numbers";
import { word, wordOf } from "../i18n/translate";
import type { CellMap, Cover } from "./records";

export const LAYERS = ["planned", "applied", "deviation", "none"] as const;
export type Layer = (typeof LAYERS)[number];

/** From too little to too much, told apart by the colour-blind (after ColorBrewer's RdYlBu). */
const CLASS_TONES = { skip: "#a50026", under: "#f58a4a", on_target: "#f7f0a8", over: "#74add1", double: "#313695" } as const;
/** From little to much (after ColorBrewer's YlGn). */
const RATE_TONES = ["#ffffe5", "#d9f0a3", "#78c679", "#238443", "#004529"];
const NOTHING = "#4a4a4a";
const UNKNOWN = "#c45ac4";

export class FieldMap {
  readonly element: HTMLElement;
  readonly ground: Ground;
  readonly #legend = make("ul", { class: "keys legend" });
  #cells: CellMap | null = null;
  #top = 1;
  #layer: Layer = "deviation";

  constructor(field: FieldRecord, onCell: (longitudeDeg: number, latitudeDeg: number) => void) {
    this.ground = new Ground(word("field_map", { name: field.name }));
    this.element = make("div", { class: "field-map" }, this.ground.element, this.#legend);
    void this.ground.ready.then(() => {
      const tone = (name: string): string => this.ground.tone(name);
      this.ground.show("field", fieldFeatures([field]), [{ id: "field-fill", type: "fill", paint: { "fill-color": tone("--field"), "fill-opacity": 0.35 } }]);
      this.ground.show("cells", NO_FEATURES, [
        cellLayer("planned", rateTone("planned_ha", 1)), cellLayer("applied", rateTone("applied_ha", 1)), cellLayer("deviation", classTone()),
      ]);
      this.ground.show("edges", { type: "FeatureCollection", features: [...fieldFeatures([field]).features, ...zoneFeatures([field]).features] }, [
        { id: "edges-line", type: "line", paint: { "line-color": tone("--field-edge"), "line-width": 2 } },
      ]);
      this.ground.show("track", NO_FEATURES, [{ id: "track-line", type: "line", paint: { "line-color": tone("--track"), "line-width": 1.2 } }]);
      this.ground.show("flown", NO_FEATURES, [
        { id: "flown-line", type: "line", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": tone("--cool"), "line-width": ["case", ["get", "on"], 5, 1.8] } },
      ]);
      this.ground.show("cover", NO_FEATURES, [
        { id: "cover-cells", type: "line", paint: { "line-color": ["match", ["get", "what"], "skip", CLASS_TONES.skip, CLASS_TONES.double], "line-width": 2 } },
      ]);
      this.ground.show("spots", NO_FEATURES, [
        {
          id: "cover-spots", type: "circle",
          paint: {
            "circle-radius": ["interpolate", ["linear"], ["sqrt", ["get", "area_m2"]], 0, 3, 20, 12], "circle-color": "rgba(0,0,0,0)",
            "circle-stroke-color": ["match", ["get", "what"], "skip", CLASS_TONES.skip, CLASS_TONES.double], "circle-stroke-width": 2,
          },
        },
      ]);
      this.ground.show("chosen", NO_FEATURES, [{ id: "chosen-line", type: "line", paint: { "line-color": tone("--ink"), "line-width": 3 } }]);
      for (const layer of ["planned", "applied", "deviation"]) this.ground.onClick(`cells-${layer}`, (_, longitudeDeg, latitudeDeg) => onCell(longitudeDeg, latitudeDeg));
      this.ground.fit(boundsOf(fieldFeatures([field])), 36);
      this.#arrange();
    }, () => undefined);
  }

  /** Draw the cells of a pass; null takes them away. */
  async drawCells(cells: CellMap | null): Promise<void> {
    await this.ground.ready.catch(() => undefined);
    this.#cells = cells;
    this.#top = Math.max(1e-9, ...(cells?.features ?? []).flatMap(({ properties }) => [properties.planned_ha ?? 0, Math.min(properties.applied_ha ?? 0, 2 * (properties.planned_ha ?? Infinity))]));
    const map = this.ground.map;
    if (map === null) return;
    map.setPaintProperty("cells-planned", "fill-color", rateTone("planned_ha", this.#top));
    map.setPaintProperty("cells-applied", "fill-color", rateTone("applied_ha", this.#top));
    this.ground.show("cells", cells ?? NO_FEATURES, []);
    this.ground.show("cover", coverFeatures(cells), []);
    this.#arrange();
  }

  /** Ring the skips and overlaps that are wide enough to be named. */
  drawCover(cover: Cover): void {
    if (this.ground.map) this.ground.show("spots", spotFeatures(cover), []);
  }

  choose(layer: Layer): void {
    this.#layer = layer;
    this.#arrange();
  }

  setVisible(what: "cover" | "track", visible: boolean): void {
    for (const layer of what === "cover" ? ["cover-cells", "cover-spots"] : ["track-line"]) this.ground.setVisible(layer, visible);
  }

  /** Outline one cell. */
  mark(west: number, south: number, east: number, north: number): void {
    const ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    this.ground.show("chosen", { type: "FeatureCollection", features: [{ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } }] }, []);
  }

  #arrange(): void {
    for (const layer of ["planned", "applied", "deviation"] as const) this.ground.setVisible(`cells-${layer}`, layer === this.#layer);
    this.#legend.replaceChildren(...(this.#cells === null || this.#layer === "none" ? [] : this.#keys(this.#cells)));
  }

  #keys(cells: CellMap): HTMLElement[] {
    const key = (tone: string, text: string): HTMLElement => {
      const patch = make("span", { class: "key", "aria-hidden": "true" });
      patch.style.background = tone;
      return make("li", {}, patch, text);
    };
    const has = (test: (properties: CellMap["features"][number]["properties"]) => boolean): boolean => cells.features.some((feature) => test(feature.properties));
    const more = [
      has((cell) => isUnknown(cell.evidence)) ? key(UNKNOWN, word("field_key_unknown")) : null,
      this.#layer !== "planned" ? key(NOTHING, word("field_key_nothing")) : null,
    ].filter((made) => made !== null);
    if (this.#layer === "deviation") {
      return [...Object.entries(CLASS_TONES).map(([name, tone]) => key(tone, wordOf("field_class", name, name))), ...more];
    }
    const steps = RATE_TONES.map((tone, index) => {
      const shown = inChosenArea((this.#top * index) / (RATE_TONES.length - 1), `${cells.unit}/ha`);
      return key(tone, `${numberText(shown.value, 1)}${index === RATE_TONES.length - 1 ? ` ${shown.unit}` : ""}`);
    });
    return [...steps, ...(this.#layer === "planned" ? [] : more)];
  }
}

/** Return the cells that no swath reached, or that more than one did. */
function coverFeatures(cells: CellMap | null): GeoJSON.FeatureCollection {
  const features = (cells?.features ?? []).flatMap((feature) => {
    const what = feature.properties.cause === "overlap" ? "overlap" : feature.properties.cause === "not_covered" ? "skip" : null;
    return what === null ? [] : [{ ...feature, properties: { what } }];
  });
  return { type: "FeatureCollection", features };
}

function spotFeatures(cover: Cover): GeoJSON.FeatureCollection {
  const spots = [...cover.skips.map((spot) => ({ spot, what: "skip" })), ...cover.overlaps.map((spot) => ({ spot, what: "overlap" }))];
  return {
    type: "FeatureCollection",
    features: spots.map(({ spot, what }) => ({ type: "Feature", properties: { what, area_m2: spot.area_m2 }, geometry: { type: "Point", coordinates: [spot.longitude_deg, spot.latitude_deg] } })),
  };
}

export function isUnknown(evidence: string | null): boolean {
  return evidence === "pump_pwm" || evidence === "declared";
}

function cellLayer(name: string, tone: ExpressionSpecification): { id: string; type: "fill"; paint: object; layout: object } {
  return { id: `cells-${name}`, type: "fill", layout: { visibility: "none" }, paint: { "fill-color": tone, "fill-opacity": 0.88, "fill-antialias": false } };
}

function rateTone(property: "planned_ha" | "applied_ha", top: number): ExpressionSpecification {
  const stops = RATE_TONES.flatMap((tone, index) => [(top * index) / (RATE_TONES.length - 1), tone]);
  const known: ExpressionSpecification = ["interpolate", ["linear"], ["get", property], ...stops] as unknown as ExpressionSpecification;
  const unknown: unknown = ["case", ["in", ["coalesce", ["get", "evidence"], ""], ["literal", ["pump_pwm", "declared"]]], UNKNOWN, "rgba(0,0,0,0)"];
  if (property === "planned_ha") return ["case", ["==", ["get", property], null], "rgba(0,0,0,0)", known] as unknown as ExpressionSpecification;
  return ["case", ["==", ["get", property], null], unknown, ["<=", ["get", property], 0], NOTHING, known] as unknown as ExpressionSpecification;
}

function classTone(): ExpressionSpecification {
  const unknown = ["case", ["in", ["coalesce", ["get", "evidence"], ""], ["literal", ["pump_pwm", "declared"]]], UNKNOWN, "rgba(0,0,0,0)"];
  return [
    "case", ["all", ["==", ["get", "applied_ha"], 0], ["==", ["get", "kind"], "skip"]], NOTHING,
    ["match", ["coalesce", ["get", "kind"], ""], ...Object.entries(CLASS_TONES).flat(), unknown],
  ] as unknown as ExpressionSpecification;
}
