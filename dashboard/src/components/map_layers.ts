// List of a map's layers: each is switched on and off and made transparent. What was chosen stays in this browser.

import "../i18n/map_tools";
import type { Map as MapLibreMap } from "maplibre-gl";
import { translate } from "../i18n/translate";
import { make } from "./dom";
import { patchOf } from "./legend";

const STORED = "headland.map-layers";
const OPACITIES = {
  fill: ["fill-opacity"],
  line: ["line-opacity"],
  raster: ["raster-opacity"],
  circle: ["circle-opacity", "circle-stroke-opacity"],
} as const;

export interface ListedLayer {
  id: string;
  title: string;
  /** The layers of the map that it consists of; without any it has no opacity. */
  layers?: readonly string[];
  /** Where it has one colour. */
  colour?: string;
  /** Switched off until somebody switches it on. */
  isOff?: boolean;
  /** What has to be said of it. */
  note?: string;
  /** Called with its state at once and after each change, for what is not a layer of the map. */
  onVisible?: (visible: boolean) => void;
}

interface Chosen {
  visible?: boolean;
  opacity?: number;
}

export class LayerList {
  /** A button that opens the list, and the list. */
  readonly button = make(
    "button",
    { type: "button", class: "secondary", "aria-expanded": "false", hidden: true },
    translate("tool_layers"),
  );
  readonly panel = make("div", { class: "map-layers", role: "group", "aria-label": translate("tool_layers"), hidden: true });
  readonly #map: MapLibreMap;
  readonly #notes = new Map<string, HTMLElement>();
  readonly #onChange: () => void;
  readonly #shown = new Map<string, boolean>();
  /** The opacities that the layers were made with: the slider is a share of them. */
  readonly #made = new Map<string, number>();

  /** `onChange` is called after each switch. */
  constructor(map: MapLibreMap, onChange: () => void) {
    this.#map = map;
    this.#onChange = onChange;
    this.button.addEventListener("click", () => this.#open(this.panel.hidden === true));
    this.panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.#open(false);
      this.button.focus();
    });
  }

  /** Add a layer to the list, or replace the one of its id. Its layers are on the map already. */
  add(layer: ListedLayer): void {
    const chosen = stored()[layer.id] ?? {};
    const box = make("input", { type: "checkbox" });
    box.checked = chosen.visible ?? layer.isOff !== true;
    const show = (): void => {
      this.#shown.set(layer.id, box.checked);
      for (const id of layer.layers ?? []) this.#show(id, box.checked);
      layer.onVisible?.(box.checked);
      this.#onChange();
    };
    box.addEventListener("change", () => {
      store(layer.id, { visible: box.checked });
      show();
    });
    const note = make("p", { class: "note" }, layer.note ?? "");
    this.#notes.set(layer.id, note);
    const title = make("label", {}, box, ...(layer.colour === undefined ? [] : [patchOf(layer.colour)]), layer.title);
    const row = make("div", { class: "map-layer", "data-layer": layer.id }, title);
    if (layer.layers !== undefined) row.append(this.#slider(layer, layer.layers, chosen.opacity ?? 1));
    row.append(note);
    this.panel.querySelector(`[data-layer="${layer.id}"]`)?.remove();
    this.panel.append(row);
    this.button.hidden = false;
    show();
  }

  /** Whether a layer is switched on. */
  isShown(id: string): boolean {
    return this.#shown.get(id) ?? true;
  }

  setNote(id: string, text: string): void {
    this.#notes.get(id)?.replaceChildren(text);
  }

  #open(isOpen: boolean): void {
    this.panel.hidden = !isOpen;
    this.button.setAttribute("aria-expanded", String(isOpen));
  }

  #show(id: string, visible: boolean): void {
    if (this.#map.getLayer(id)) this.#map.setLayoutProperty(id, "visibility", visible ? "visible" : "none");
  }

  #slider(layer: ListedLayer, ids: readonly string[], opacity: number): HTMLElement {
    const label = translate("tool_opacity_of", { name: layer.title });
    const slider = make("input", { type: "range", min: 0, max: 1, step: 0.1, value: opacity, "aria-label": label });
    const apply = (share: number): void => {
      for (const id of ids) {
        const kind = this.#map.getLayer(id)?.type as keyof typeof OPACITIES | undefined;
        for (const property of kind === undefined ? [] : (OPACITIES[kind] ?? [])) {
          const key = `${id} ${property}`;
          const now = this.#map.getPaintProperty(id, property);
          const made = this.#made.get(key) ?? (typeof now === "number" ? now : 1);
          this.#made.set(key, made);
          this.#map.setPaintProperty(id, property, made * share);
        }
      }
    };
    if (opacity !== 1) apply(opacity);
    slider.addEventListener("input", () => {
      store(layer.id, { opacity: Number(slider.value) });
      apply(Number(slider.value));
    });
    return slider;
  }
}

function stored(): Record<string, Chosen> {
  try {
    return JSON.parse(localStorage.getItem(STORED) ?? "{}") as Record<string, Chosen>;
  } catch {
    return {};
  }
}

function store(id: string, chosen: Chosen): void {
  const all = stored();
  localStorage.setItem(STORED, JSON.stringify({ ...all, [id]: { ...all[id], ...chosen } }));
}
