// Page of the farm: a map of fields, vehicles, greenhouses and gateways, and the same as a list.

import "../i18n/farm";
import { LngLatBounds } from "maplibre-gl";

import { nowMs } from "../api/clock";
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
import { requestAll } from "../api/request";
import { hrefOf } from "../app/address";
import type { Mount, View } from "../app/view";
import { AlarmStrip } from "../components/alarm_strip";
import { DeviceCard, kindIcon } from "../components/device_card";
import { make, makeSvg, setChildren, setText } from "../components/dom";
import { boundsOf, MapView, NO_FEATURES } from "../components/map";
import { Trails } from "../components/trails";
import { isStale } from "../components/value_tile";
import { ageText } from "../i18n/instants";
import { areaText, numberText } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";

interface GatewayItem {
  id: string;
  online: boolean | null;
  last_status_ms: number | null;
  spool: { records: number } | null;
}

const DRONE = "drone";
const OLD_MS = 15_000;
const CLOSE_ZOOM = 16;

export const mount: Mount = async (place, view) => {
  const page = new FarmPage(view);
  place.append(page.element);
  await page.start();
};

class FarmPage {
  readonly element: HTMLElement;
  readonly #view: View;
  readonly #map = new MapView(translate("farm_map"));
  readonly #trails: Trails;
  readonly #alarms: AlarmStrip;
  readonly #cards = new Map<string, DeviceCard>();
  readonly #markers = new Map<string, HTMLElement>();
  readonly #vehicleList = make("div", { class: "list" });
  readonly #fixedList = make("div", { class: "list" });
  readonly #fieldList = make("ul", { class: "plain-list" });
  readonly #gatewayList = make("ul", { class: "plain-list" });
  readonly #empty = make("p", { class: "note" }, translate("farm_empty"));
  readonly #positions = new Map<string, Position>();
  #sites: SiteRecord[] = [];
  #fields: FieldRecord[] = [];
  #gateways: GatewayItem[] = [];

  constructor(view: View) {
    this.#view = view;
    this.#trails = new Trails(view.farm);
    this.#alarms = new AlarmStrip(view.farm);
    const key = (symbol: string, text: string): HTMLElement =>
      make("li", {}, make("span", { class: `key ${symbol}`, "aria-hidden": "true" }), text);
    this.element = make(
      "div",
      { class: "farm" },
      make("h1", { class: "hidden" }, translate("page_farm")),
      make(
        "div",
        { class: "farm-map" },
        this.#map.element,
        make(
          "div",
          { class: "map-foot" },
          make(
            "ul",
            { class: "keys" },
            key("field", translate("farm_field_key")),
            key("vehicle", translate("farm_vehicle_key")),
            key("trail", translate("farm_trail")),
            key("greenhouse", translate("farm_fixed_key")),
            key("gateway", translate("farm_gateway_key")),
            key("old", translate("stale")),
          ),
          make("button", { type: "button", class: "secondary", onclick: () => this.#fit() }, translate("farm_whole")),
        ),
      ),
      make(
        "div",
        { class: "farm-list" },
        this.#empty,
        this.#alarms.element,
        section(translate("farm_vehicles"), this.#vehicleList),
        section(translate("farm_fixed"), this.#fixedList),
        section(translate("farm_fields"), this.#fieldList),
        section(translate("farm_gateways"), this.#gatewayList),
      ),
    );
  }

  async start(): Promise<void> {
    const { farm, signal } = this.#view;
    this.#view.onLeave(() => this.#map.close());
    this.#draw();
    this.#view.onLeave(farm.onChange(() => this.#draw()));
    this.#view.repeat(1000, () => this.#draw());
    this.#view.repeat(5000, () => this.#alarms.load(signal).catch(() => undefined));
    this.#view.repeat(10_000, () => this.#loadGateways());
    try {
      await this.#map.ready;
    } catch {
      // The map displays its own error; the list has the same content.
    }
    if (signal.aborted) return;
    await this.#loadFields();
    this.#placeGateways();
    await Promise.all(
      [...farm.devices.values()]
        .filter((device) => device.kind === DRONE)
        .map((device) => this.#trails.load(device.id, signal).catch(() => undefined)),
    );
    this.#draw();
    this.#fit();
    this.#view.repeat(1000, () => this.#drawTrails());
  }

  async #loadFields(): Promise<void> {
    const { signal } = this.#view;
    try {
      [this.#fields, this.#sites] = await Promise.all([requestFields(signal), requestSites(signal)]);
    } catch {
      // A server without a registry has neither.
      this.#fields = [];
    }
    const colour = (name: string): string => this.#map.colour(name);
    this.#map.setSource("fields", fieldFeatures(this.#fields), [
      { id: "field-fill", type: "fill", paint: { "fill-color": colour("--field"), "fill-opacity": 0.75 } },
      { id: "field-edge", type: "line", paint: { "line-color": colour("--field-edge"), "line-width": 2 } },
    ]);
    this.#map.setSource("zones", zoneFeatures(this.#fields), [
      { id: "zone-fill", type: "fill", paint: { "fill-color": colour("--amber"), "fill-opacity": 0.35 } },
    ]);
    this.#map.setSource("trails", NO_FEATURES, [
      {
        id: "trail",
        type: "line",
        layout: { "line-join": "round", "line-cap": "round" },
        paint: { "line-color": colour("--track"), "line-width": 2.5 },
      },
    ]);
    this.#map.onClick("field-fill", (feature) => {
      location.hash = hrefOf("field", [String(feature.properties["id"])]);
    });
    for (const field of this.#fields) {
      const [longitudeDeg, latitudeDeg] = labelPosition(field.geometry);
      const label = make(
        "a",
        { class: "mark field-mark", href: hrefOf("field", [field.id]), "aria-label": translate("farm_open_field", { name: field.name }) },
        field.name,
      );
      this.#map.setMarker(`field-${field.id}`, label, longitudeDeg, latitudeDeg, "bottom");
    }
    setChildren(
      this.#fieldList,
      this.#fields.length === 0
        ? [
            make(
              "li",
              { class: "note" },
              translate("farm_no_fields"),
              " ",
              make("a", { href: hrefOf("field") }, translate("farm_import_fields")),
            ),
          ]
        : this.#fields.map((field) =>
            make(
              "li",
              {},
              make("a", { href: hrefOf("field", [field.id]) }, field.name),
              " ",
              make("span", { class: "note" }, [areaText(field.usable_area_m2), field.owner].filter(Boolean).join(" · ")),
              " ",
              mapButton(() => this.#map.fit(boundsOf(fieldFeatures([field])), 60)),
            ),
          ),
    );
  }

  #draw(): void {
    const { farm } = this.#view;
    this.#alarms.draw();
    const devices = [...farm.devices.values()].sort((a, b) => a.id.localeCompare(b.id));
    this.#empty.hidden = devices.length > 0;
    for (const device of devices) {
      let card = this.#cards.get(device.id);
      if (card) card.draw();
      else {
        card = new DeviceCard(farm, device);
        this.#cards.set(device.id, card);
        if (device.kind !== DRONE) void this.#placeFixed(device.id, card);
      }
      if (device.kind === DRONE) this.#drawVehicle(device.id, card);
      else this.#markers.get(device.id)?.classList.toggle("stale", device.last_seen_ms === null || nowMs() - device.last_seen_ms > OLD_MS);
    }
    const cards = (isDrone: boolean): HTMLElement[] =>
      devices.filter((device) => (device.kind === DRONE) === isDrone).map((device) => (this.#cards.get(device.id) as DeviceCard).element);
    showList(this.#vehicleList, cards(true));
    showList(this.#fixedList, cards(false));
  }

  #drawVehicle(id: string, card: DeviceCard): void {
    const fix = this.#trails.last(id);
    if (fix === null) {
      card.setPosition(translate("farm_no_position"));
      return;
    }
    if (this.#map.map === null) return;
    let marker = this.#markers.get(id);
    if (!marker) {
      marker = this.#buildMarker(id, "vehicle-mark", DRONE);
      card.setPosition(mapButton(() => this.#centre(id)));
      void this.#trails.load(id, this.#view.signal).catch(() => undefined);
    }
    this.#trails.extend(id);
    this.#map.setMarker(id, marker, fix.longitudeDeg, fix.latitudeDeg);
    this.#positions.set(id, { longitudeDeg: fix.longitudeDeg, latitudeDeg: fix.latitudeDeg, ofSite: false });
    marker.classList.toggle("stale", isStale(fix.timeMs, 1));
    const age = marker.querySelector(".mark-age");
    if (age) setText(age, ageText(nowMs() - fix.timeMs));
    // The name for screen readers has the age, too.
    marker.setAttribute("aria-label", translate("farm_marker", { name: marker.textContent ?? "", kind: term("device_kinds", DRONE) }));
    const arrow = marker.querySelector("svg");
    const heading = this.#view.farm.value(id, "heading_deg");
    if (arrow) arrow.style.transform = `rotate(${heading?.value ?? 0}deg)`;
  }

  async #placeFixed(id: string, card: DeviceCard): Promise<void> {
    if (this.#sites.length === 0) this.#sites = await requestSites(this.#view.signal).catch(() => []);
    const position = await positionOf(this.#view.farm, id, this.#sites).catch(() => null);
    if (this.#view.signal.aborted) return;
    if (position === null) {
      card.setPosition(translate("farm_no_position"));
      return;
    }
    this.#positions.set(id, position);
    card.setPosition(mapButton(() => this.#centre(id), position.ofSite ? translate("farm_site_position") : ""));
    await this.#map.ready.catch(() => undefined);
    const kind = this.#view.farm.devices.get(id)?.kind ?? "";
    if (!this.#view.signal.aborted)
      this.#map.setMarker(id, this.#buildMarker(id, "greenhouse-mark", kind), position.longitudeDeg, position.latitudeDeg);
  }

  #buildMarker(id: string, markerClass: string, kind: string): HTMLElement {
    const name = this.#view.farm.nameOf(id);
    const marker = make(
      "button",
      {
        type: "button",
        class: `mark ${markerClass}`,
        "data-mark": id,
        "aria-label": translate("farm_marker", { name, kind: term("device_kinds", kind) }),
        onclick: () => {
          const card = this.#cards.get(id)?.element;
          card?.scrollIntoView({ block: "nearest" });
          card?.focus();
        },
      },
      kind === DRONE ? arrowIcon() : kindIcon(kind),
      make("span", { class: "mark-name" }, name, kind === DRONE ? " · " : null, make("span", { class: "mark-age" })),
    );
    this.#markers.set(id, marker);
    return marker;
  }

  #drawTrails(): void {
    if (this.#map.map?.getSource("trails")) this.#map.setSource("trails", this.#trails.features(), []);
  }

  async #loadGateways(): Promise<void> {
    try {
      this.#gateways = await requestAll<GatewayItem>("/v1/gateways", { signal: this.#view.signal });
    } catch {
      // A server without ingest has no gateways.
      this.#gateways = [];
    }
    this.#placeGateways();
    const rows = this.#gateways.map((gateway) =>
      make(
        "li",
        { "data-gateway": gateway.id },
        make("strong", {}, gateway.id),
        " ",
        make("span", { class: gateway.online ? "state on" : "state off" }, translate(gateway.online ? "online" : "offline")),
        " ",
        make("span", { class: "age" }, gateway.last_status_ms === null ? translate("no_data") : ageText(nowMs() - gateway.last_status_ms)),
        " ",
        make(
          "span",
          { class: "note" },
          gateway.spool && gateway.spool.records > 0
            ? translate("farm_spool", { records: numberText(gateway.spool.records, 0) })
            : translate("farm_spool_empty"),
        ),
      ),
    );
    this.#gatewayList.replaceChildren(...(rows.length > 0 ? rows : [make("li", { class: "note" }, translate("farm_no_gateways"))]));
  }

  // A gateway reports no position: its marker is at the site of a device that does not move and reports through it.
  #placeGateways(): void {
    const devices = [...this.#view.farm.devices.values()].sort((a, b) => Number(a.kind === DRONE) - Number(b.kind === DRONE));
    for (const gateway of this.#gateways) {
      const siteName = devices.find((device) => device.gateway === gateway.id)?.site;
      const site = this.#sites.find(({ name }) => name === siteName);
      if (this.#map.map === null || !site || site.longitude_deg === null || site.latitude_deg === null) continue;
      const id = `gateway:${gateway.id}`;
      const text = `${gateway.id} · ${translate(gateway.online ? "online" : "offline")}`;
      let marker = this.#markers.get(id);
      if (!marker) {
        const scrollToRow = (): void =>
          this.#gatewayList.querySelector(`[data-gateway="${CSS.escape(gateway.id)}"]`)?.scrollIntoView({ block: "nearest" });
        marker = make(
          "button",
          { type: "button", class: "mark gateway-mark", "data-mark": id, onclick: scrollToRow },
          kindIcon("other"),
          make("span", { class: "mark-name" }),
        );
        this.#markers.set(id, marker);
      }
      const label = marker.querySelector(".mark-name");
      if (label) setText(label, text);
      marker.setAttribute("aria-label", translate("farm_marker", { name: text, kind: term("device_kinds", "gateway") }));
      marker.classList.toggle("stale", gateway.online !== true);
      this.#map.setMarker(id, marker, site.longitude_deg, site.latitude_deg, "bottom");
    }
  }

  #centre(id: string): void {
    const position = this.#positions.get(id);
    if (position)
      this.#map.map?.jumpTo({ center: [position.longitudeDeg, position.latitudeDeg], zoom: Math.max(CLOSE_ZOOM, this.#map.map.getZoom()) });
  }

  // Fit fields and vehicles: with a distant greenhouse both would be a dot.
  #fit(): void {
    const bounds = boundsOf(fieldFeatures(this.#fields)) ?? new LngLatBounds();
    const vehicles = [...this.#positions].filter(([id]) => this.#view.farm.devices.get(id)?.kind === DRONE);
    for (const [, position] of vehicles.length > 0 || !bounds.isEmpty() ? vehicles : this.#positions)
      bounds.extend([position.longitudeDeg, position.latitudeDeg]);
    this.#map.fit(bounds, 56);
  }
}

function section(title: string, content: HTMLElement): HTMLElement {
  return make("section", {}, make("h2", {}, title), content);
}

// A section without devices has no heading either.
function showList(list: HTMLElement, cards: HTMLElement[]): void {
  setChildren(list, cards);
  list.parentElement?.toggleAttribute("hidden", cards.length === 0);
}

function mapButton(onclick: () => void, note = ""): HTMLElement {
  return make(
    "span",
    {},
    make("button", { type: "button", class: "plain", onclick }, translate("farm_show_on_map")),
    note ? make("span", { class: "note" }, ` ${note}`) : null,
  );
}

function arrowIcon(): SVGElement {
  return makeSvg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, makeSvg("path", { d: "M12 2 19 21 12 17 5 21Z" }));
}
