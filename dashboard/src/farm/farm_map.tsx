// The map of the farm's page: fields, vehicles with their trails, devices that do not move, and gateways. Built without components.

import "../i18n/farm";
import "../i18n/map_tools";
import type { JSX } from "preact";
import { LngLatBounds } from "maplibre-gl";
import palette from "../../../headland/contract/palette.json";

import { nowMs } from "../api/clock";
import { freshnessOf } from "../api/freshness";
import type { ListItem } from "../api/client";
import type { Device } from "../api/farm_state";
import {
  fieldFeatures,
  labelPosition,
  positionOf,
  requestFields,
  requestSites,
  zoneFeatures,
  type FieldRecord,
  type Position,
  type SiteRecord,
} from "../api/registry";
import { hrefOfThing } from "../app/address";
import type { View } from "../app/view";
import { elementOf } from "../components/element_of";
import { freeBoxes, groupSpots, type Box } from "../components/declutter";
import { fieldEdge, fieldFill, untreatedLayers } from "../components/field_layers";
import type { LegendItem } from "../components/legend";
import { boundsOf, MapView, NO_FEATURES } from "../components/map";
import { Trails } from "../components/trails";
import { WindMark } from "../components/wind_mark";
import { ageText } from "../i18n/instants";
import { term, translate } from "../i18n/translate";
import { KindIcon } from "./kind_icon";
import { drawNotes } from "./note_markers";

export type GatewayItem = ListItem<"/v1/gateways">;

interface FieldLabel {
  field: FieldRecord;
  longitudeDeg: number;
  latitudeDeg: number;
  box: LngLatBounds;
  /** Built when it is first displayed. */
  element: HTMLElement | null;
}

/** Vehicles that are nearer to one another are one mark [px]. */
const CLUSTER_PX = 34;
const MOST_LABELS = 60;
const LABEL_PX = 26;
/** A usual letter of a name [px]; one of Chinese is wider, and its names are shorter. */
const LETTER_PX = 8;
/** A field this wide has its name, however long that is [px]. */
const LEAST_FIELD_PX = 56;
export const DRONE = "drone";
const CLOSE_ZOOM = 16;

/** Position of a device: on the map, at its site, or not known; undefined while it is not known yet. */
export type Whereabouts = "own" | "site" | "none";

export class FarmMap {
  readonly element: HTMLElement;
  readonly #view: View;
  readonly #map = new MapView(translate("farm_map"));
  readonly #wind = new WindMark();
  readonly #trails: Trails;
  readonly #select: (device: string) => void;
  readonly #showGateway: (gateway: string) => void;
  readonly #markers = new Map<string, HTMLElement>();
  readonly #positions = new Map<string, Position>();
  readonly #whereabouts = new Map<string, Whereabouts>();
  /** The names of the fields, the largest field first. */
  #labels: FieldLabel[] = [];
  #shownLabels = new Set<string>();
  readonly #clusters = new Map<string, HTMLElement>();
  #sites: SiteRecord[] = [];
  #knowsSites = false;
  #fields: FieldRecord[] = [];
  #gateways: readonly GatewayItem[] = [];

  constructor(view: View, select: (device: string) => void, showGateway: (gateway: string) => void) {
    this.#view = view;
    this.#select = select;
    this.#showGateway = showGateway;
    this.#trails = new Trails(view.farm);
    this.#map.frame.append(this.#wind.element);
    this.element = elementOf(<div class="farm-map" />);
    const whole = (
      <div class="map-foot">
        <button type="button" class="secondary" onClick={() => this.#fit()}>
          {translate("farm_whole")}
        </button>
      </div>
    );
    this.element.append(this.#map.element, elementOf(whole));
  }

  async start(): Promise<void> {
    const { farm, signal } = this.#view;
    this.#view.onLeave(() => this.#map.close());
    this.#draw();
    this.#view.onLeave(farm.onChange(() => this.#draw()));
    this.#view.repeat(1000, () => this.#draw());
    try {
      await this.#map.ready;
    } catch {
      // The map displays its own error; the list has the same content.
    }
    if (signal.aborted) return;
    await this.#drawFields();
    this.#knowsSites = true;
    this.showGateways(this.#gateways);
    await Promise.all(
      [...farm.devices.values()]
        .filter((device) => device.kind === DRONE)
        .map((device) => this.#trails.load(device.id, signal).catch(() => undefined)),
    );
    this.#draw();
    this.#fit();
    // After it: the note in the address decides what is shown.
    void drawNotes(this.#view, this.#map).catch(() => undefined);
    this.#map.map?.on("moveend", () => this.#declutter());
    this.#declutter();
    this.#view.repeat(1000, () => this.#drawTrails());
  }

  /** Where a device is displayed; undefined while that is not known yet. */
  whereabouts(device: string): Whereabouts | undefined {
    return this.#whereabouts.get(device);
  }

  /** Move the map to a device. */
  centre(id: string): void {
    const position = this.#positions.get(id);
    if (position)
      this.#map.map?.jumpTo({ center: [position.longitudeDeg, position.latitudeDeg], zoom: Math.max(CLOSE_ZOOM, this.#map.map.getZoom()) });
  }

  /** Move the map to a field. */
  centreField(id: string): void {
    const field = this.#fields.find((each) => each.id === id);
    if (field) this.#map.fit(boundsOf(fieldFeatures([field])), 60);
  }

  async #drawFields(): Promise<void> {
    try {
      [this.#fields, this.#sites] = await Promise.all([requestFields(), requestSites()]);
    } catch {
      // A server without a registry has neither.
      this.#fields = [];
    }
    const colour = (name: string): string => this.#map.colour(name);
    this.#map.setSource("fields", fieldFeatures(this.#fields), [
      fieldFill(this.#map, "field-fill", 0.75),
      fieldEdge(this.#map, "field-edge"),
    ]);
    this.#map.setSource("zones", zoneFeatures(this.#fields), untreatedLayers("zone"));
    this.#map.setSource("trails", NO_FEATURES, [
      {
        id: "trail",
        type: "line",
        layout: { "line-join": "round", "line-cap": "round" },
        paint: { "line-color": colour("--track"), "line-width": 2.5 },
        means: { colour: colour("--track"), text: translate("farm_trail") },
      },
    ]);
    this.#listLayers();
    this.#map.onClick("field-fill", (feature) => {
      location.hash = hrefOfThing({ kind: "field", id: String(feature.properties["id"]) });
    });
    this.#labels = this.#fields
      .flatMap((field): FieldLabel[] => {
        const box = boundsOf(fieldFeatures([field]));
        const [longitudeDeg, latitudeDeg] = labelPosition(field.geometry);
        return box === null ? [] : [{ field, longitudeDeg, latitudeDeg, box, element: null }];
      })
      .sort((a, b) => (b.field.area_m2 ?? 0) - (a.field.area_m2 ?? 0));
  }

  #listLayers(): void {
    const [{ layers, frame }, colour] = [this.#map, (name: string): string => this.#map.colour(name)];
    const hide = (name: string) => (visible: boolean) => void frame.classList.toggle(`without-${name}`, !visible);
    layers?.add({
      id: "fields",
      title: translate("tool_layer_fields"),
      layers: ["field-fill", "field-edge"],
      colour: colour("--field"),
      onVisible: hide("fields"),
    });
    layers?.add({
      id: "untreated",
      title: translate("tool_layer_untreated"),
      layers: ["zone-fill", "zone-line"],
      colour: palette.untreated_zone,
    });
    layers?.add({
      id: "trails",
      title: translate("tool_layer_trails"),
      layers: ["trail"],
      colour: colour("--track"),
    });
    layers?.add({ id: "vehicles", title: translate("tool_layer_vehicles"), onVisible: hide("vehicles") });
    layers?.add({ id: "fixed", title: translate("tool_layer_fixed"), onVisible: hide("fixed") });
    layers?.add({ id: "wind", title: translate("tool_layer_wind"), onVisible: hide("wind") });
  }

  #draw(): void {
    const { farm } = this.#view;
    this.#wind.show(farm);
    for (const device of farm.devices.values()) {
      if (device.kind === DRONE) this.#drawVehicle(device.id);
      else {
        if (this.#knowsSites && !this.#positions.has(device.id)) this.#placeFixed(device);
        this.#setStale(this.#markers.get(device.id), freshnessOf(device, device.last_seen_ms) !== "current");
      }
    }
    this.#cluster();
  }

  #setStale(marker: HTMLElement | undefined, isStale: boolean): void {
    if (marker === undefined || marker.classList.contains("stale") === isStale) return;
    marker.classList.toggle("stale", isStale);
    this.#map.legend.update();
  }

  #means(colour: string, text: string): LegendItem {
    return { colour: this.#map.colour(colour), text };
  }

  #drawVehicle(id: string): void {
    const fix = this.#trails.last(id);
    this.#whereabouts.set(id, fix === null ? "none" : "own");
    if (fix === null || this.#map.map === null) return;
    let marker = this.#markers.get(id);
    if (!marker) {
      marker = this.#buildMarker(id, "vehicle-mark", DRONE);
      void this.#trails.load(id, this.#view.signal).catch(() => undefined);
    }
    this.#trails.extend(id);
    this.#map.setMarker(id, marker, this.#means("--cool", translate("farm_vehicle_key")), [fix.longitudeDeg, fix.latitudeDeg]);
    this.#positions.set(id, { longitudeDeg: fix.longitudeDeg, latitudeDeg: fix.latitudeDeg, ofSite: false });
    this.#setStale(marker, freshnessOf(this.#view.farm.devices.get(id) ?? {}, fix.timeMs) !== "current");
    const age = marker.querySelector(".mark-age");
    if (age) age.textContent = ageText(nowMs() - fix.timeMs);
    // The name for screen readers has the age, too.
    marker.setAttribute("aria-label", translate("farm_marker", { name: marker.textContent ?? "", kind: term("device_kinds", DRONE) }));
    const arrow = marker.querySelector("svg");
    const heading = this.#view.farm.value(id, "heading_deg");
    if (arrow) arrow.style.transform = `rotate(${heading?.value ?? 0}deg)`;
  }

  #placeFixed(device: Device): void {
    const { id, kind } = device;
    const position = positionOf(device, this.#sites);
    this.#whereabouts.set(id, position === null ? "none" : position.ofSite ? "site" : "own");
    if (position === null) return;
    this.#positions.set(id, position);
    const means = this.#means("--warm", translate("farm_fixed_key"));
    this.#map.setMarker(id, this.#buildMarker(id, "greenhouse-mark", kind), means, [position.longitudeDeg, position.latitudeDeg]);
  }

  #buildMarker(id: string, markerClass: string, kind: string): HTMLElement {
    const name = this.#view.farm.nameOf(id);
    const marker = elementOf(
      <button
        type="button"
        class={`mark ${markerClass}`}
        data-mark={id}
        aria-label={translate("farm_marker", { name, kind: term("device_kinds", kind) })}
        onClick={() => this.#select(id)}
      >
        {kind === DRONE ? <ArrowIcon /> : <KindIcon kind={kind} />}
        <span class="mark-name">
          {name}
          {kind === DRONE ? " · " : null}
          <span class="mark-age" />
        </span>
      </button>,
    );
    this.#markers.set(id, marker);
    return marker;
  }

  #drawTrails(): void {
    if (this.#map.map?.getSource("trails")) this.#map.setSource("trails", this.#trails.features(), []);
  }

  /** Display the gateways. One reports no position: its marker is at the site of a device that does not move and reports through it. */
  showGateways(gateways: readonly GatewayItem[]): void {
    this.#gateways = gateways;
    const devices = [...this.#view.farm.devices.values()].sort((a, b) => Number(a.kind === DRONE) - Number(b.kind === DRONE));
    for (const gateway of this.#gateways) {
      const siteName = devices.find((device) => device.gateway === gateway.id)?.site;
      const site = this.#sites.find(({ name }) => name === siteName);
      if (this.#map.map === null || !site || site.longitude_deg === null || site.latitude_deg === null) continue;
      const id = `gateway:${gateway.id}`;
      const text = `${gateway.id} · ${translate(gateway.online ? "online" : "offline")}`;
      let marker = this.#markers.get(id);
      if (!marker) {
        marker = elementOf(
          <button type="button" class="mark gateway-mark" data-mark={id} onClick={() => this.#showGateway(gateway.id)}>
            <KindIcon kind="other" />
            <span class="mark-name" />
          </button>,
        );
        this.#markers.set(id, marker);
      }
      const label = marker.querySelector(".mark-name");
      if (label) label.textContent = text;
      marker.setAttribute("aria-label", translate("farm_marker", { name: text, kind: term("device_kinds", "gateway") }));
      this.#setStale(marker, gateway.online !== true);
      const means = this.#means("--accent", translate("farm_gateway_key"));
      this.#map.setMarker(id, marker, means, [site.longitude_deg, site.latitude_deg], "bottom");
    }
  }

  // Fit fields and vehicles: with a distant greenhouse both would be a dot.
  #fit(): void {
    const bounds = boundsOf(fieldFeatures(this.#fields)) ?? new LngLatBounds();
    const vehicles = [...this.#positions].filter(([id]) => this.#view.farm.devices.get(id)?.kind === DRONE);
    for (const [, position] of vehicles.length > 0 || !bounds.isEmpty() ? vehicles : this.#positions)
      bounds.extend([position.longitudeDeg, position.latitudeDeg]);
    this.#map.fit(bounds, 56);
  }

  // On a large farm names would hide one another, and the fields: a name is displayed where its field is about as wide, the
  // largest field first. Only those names are elements: each of them moves in every frame.
  #declutter(): void {
    const map = this.#map.map;
    if (map === null) return;
    const { clientWidth: width, clientHeight: height } = map.getContainer();
    const boxes = this.#labels.flatMap((label): [string, Box][] => {
      const west = map.project(label.box.getSouthWest()).x;
      const east = map.project(label.box.getNorthEast()).x;
      const { x, y } = map.project([label.longitudeDeg, label.latitudeDeg]);
      const half = (label.field.name.length * LETTER_PX + 20) / 2;
      const isSeen = x > -half && x < width + half && y > 0 && y < height + LABEL_PX;
      const fits = east - west >= Math.min(half, LEAST_FIELD_PX);
      return isSeen && fits ? [[label.field.id, { left: x - half, right: x + half, top: y - LABEL_PX, bottom: y }]] : [];
    });
    const shown = freeBoxes(boxes, MOST_LABELS);
    for (const id of this.#shownLabels) if (!shown.has(id)) this.#map.removeMarker(`field-${id}`);
    for (const label of this.#labels) {
      const { field } = label;
      if (!shown.has(field.id)) continue;
      label.element ??= elementOf(
        <a
          class="mark field-mark"
          href={hrefOfThing({ kind: "field", id: field.id })}
          aria-label={translate("farm_open_field", { name: field.name })}
        >
          {field.name}
        </a>,
      );
      this.#map.setMarker(`field-${field.id}`, label.element, null, [label.longitudeDeg, label.latitudeDeg], "bottom");
    }
    this.#shownLabels = shown;
    this.#cluster();
  }

  /** Display vehicles of one spot as one mark with their number; it opens into them. */
  #cluster(): void {
    const map = this.#map.map;
    if (map === null) return;
    const spots = [...this.#positions]
      .filter(([id]) => this.#view.farm.devices.get(id)?.kind === DRONE)
      .map(([id, { longitudeDeg, latitudeDeg }]) => ({ id, ...map.project([longitudeDeg, latitudeDeg]) }));
    const groups = groupSpots(spots, CLUSTER_PX);
    const wanted = new Set<string>();
    for (const group of groups) {
      for (const { id } of group) this.#markers.get(id)?.toggleAttribute("hidden", group.length > 1);
      const [first] = group;
      if (group.length < 2 || first === undefined) continue;
      const key = `cluster:${first.id}`;
      wanted.add(key);
      let mark = this.#clusters.get(key);
      if (mark === undefined) {
        mark = elementOf(
          <button type="button" class="mark cluster-mark">
            <ArrowIcon />
            <span class="mark-name" />
          </button>,
        );
        this.#clusters.set(key, mark);
      }
      const text = translate("farm_vehicles", { n: group.length });
      (mark.querySelector(".mark-name") as HTMLElement).textContent = text;
      mark.setAttribute("aria-label", text);
      mark.onclick = () => this.#openCluster(group.map(({ id }) => id));
      const place = this.#positions.get(first.id) as Position;
      const means = this.#means("--cool", translate("farm_vehicle_key"));
      this.#map.setMarker(key, mark, means, [place.longitudeDeg, place.latitudeDeg]);
    }
    for (const key of [...this.#clusters.keys()])
      if (!wanted.has(key)) {
        this.#map.removeMarker(key);
        this.#clusters.delete(key);
      }
  }

  #openCluster(ids: readonly string[]): void {
    const bounds = new LngLatBounds();
    for (const id of ids) {
      const place = this.#positions.get(id);
      if (place) bounds.extend([place.longitudeDeg, place.latitudeDeg]);
    }
    this.#map.fit(bounds, 80);
  }
}

function ArrowIcon(): JSX.Element {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 2 19 21 12 17 5 21Z" />
    </svg>
  );
}
