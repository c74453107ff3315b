// The farm now: a map of fields, vehicles, houses and gateways, and beside it the same as a list.

import { LngLatBounds } from "maplibre-gl";

import { nowMs } from "../api/clock";
import { askFields, askSites, fieldFeatures, labelPlace, placeOf, zoneFeatures, type FieldRecord, type Place, type SiteRecord } from "../api/registry";
import { askAll } from "../api/request";
import { hrefOf } from "../app/address";
import type { Mount, View } from "../app/view";
import { AlarmStrip } from "../components/alarm_strip";
import { DeviceCard, kindIcon } from "../components/device_card";
import { arrange, make, setText } from "../components/dom";
import { boundsOf, Ground, NO_FEATURES } from "../components/map";
import { Trails } from "../components/trails";
import { isStale } from "../components/value_tile";
import { ageText } from "../i18n/instants";
import { groundText, numberText } from "../i18n/numbers";
import { kindName, word } from "../i18n/translate";

interface GatewayItem {
  id: string;
  online: boolean | null;
  last_status_ms: number | null;
  spool: { records: number } | null;
}

const DRONE = "drone";

export const mount: Mount = async (place, view) => {
  const page = new FarmPage(view);
  place.append(page.element);
  await page.start();
};

class FarmPage {
  readonly element: HTMLElement;
  readonly #view: View;
  readonly #ground = new Ground(word("farm_map"));
  readonly #trails: Trails;
  readonly #alarms: AlarmStrip;
  readonly #cards = new Map<string, DeviceCard>();
  readonly #marks = new Map<string, HTMLElement>();
  readonly #vehicles = make("div", { class: "list" });
  readonly #houses = make("div", { class: "list" });
  readonly #fields = make("ul", { class: "plain-list" });
  readonly #gateways = make("ul", { class: "plain-list" });
  readonly #empty = make("p", { class: "note" }, word("farm_empty"));
  readonly #places = new Map<string, Place>();
  #sites: SiteRecord[] = [];
  #known: FieldRecord[] = [];
  #heard: GatewayItem[] = [];

  constructor(view: View) {
    this.#view = view;
    this.#trails = new Trails(view.farm);
    this.#alarms = new AlarmStrip(view.farm);
    const key = (tone: string, text: string): HTMLElement => make("li", {}, make("span", { class: `key ${tone}`, "aria-hidden": "true" }), text);
    this.element = make("div", { class: "farm" },
      make("h1", { class: "hidden" }, word("page_farm")),
      make("div", { class: "farm-map" },
        this.#ground.element,
        make("div", { class: "map-foot" },
          make("ul", { class: "keys" },
            key("field", word("farm_field_key")), key("vehicle", word("farm_vehicle_key")), key("trail", word("farm_trail")),
            key("house", word("farm_house_key")), key("gateway", word("farm_gateways")), key("old", word("farm_old_key"))),
          make("button", { type: "button", class: "secondary", onclick: () => this.#fit() }, word("farm_whole")))),
      make("div", { class: "farm-list" },
        this.#empty,
        this.#alarms.element,
        section(word("farm_vehicles"), this.#vehicles),
        section(word("farm_houses"), this.#houses),
        section(word("farm_fields"), this.#fields),
        section(word("farm_gateways"), this.#gateways)));
  }

  async start(): Promise<void> {
    const { farm, signal } = this.#view;
    this.#view.onLeave(() => this.#ground.close());
    this.#draw();
    this.#view.onLeave(farm.onChange(() => this.#draw()));
    this.#view.repeat(1000, () => this.#draw());
    this.#view.repeat(5000, () => this.#alarms.look(signal).catch(() => undefined));
    this.#view.repeat(10_000, () => this.#askGateways());
    try {
      await this.#ground.ready;
    } catch {
      // Said where the map would be; the list says the same.
    }
    if (signal.aborted) return;
    await this.#askGround();
    this.#placeGateways();
    await Promise.all([...farm.devices.values()].filter((device) => device.kind === DRONE).map((device) => this.#trails.seed(device.id, signal).catch(() => undefined)));
    this.#draw();
    this.#fit();
    this.#view.repeat(1000, () => this.#drawTrails());
  }

  async #askGround(): Promise<void> {
    const { signal } = this.#view;
    try {
      [this.#known, this.#sites] = await Promise.all([askFields(signal), askSites(signal)]);
    } catch {
      // A station without a registry has neither.
      this.#known = [];
    }
    const paint = (name: string): string => this.#ground.tone(name);
    this.#ground.show("fields", fieldFeatures(this.#known), [
      { id: "field-fill", type: "fill", paint: { "fill-color": paint("--field"), "fill-opacity": 0.75 } },
      { id: "field-edge", type: "line", paint: { "line-color": paint("--field-edge"), "line-width": 2 } },
    ]);
    this.#ground.show("zones", zoneFeatures(this.#known), [
      { id: "zone-fill", type: "fill", paint: { "fill-color": paint("--amber"), "fill-opacity": 0.35 } },
    ]);
    this.#ground.show("trails", NO_FEATURES, [
      { id: "trail", type: "line", layout: { "line-join": "round", "line-cap": "round" }, paint: { "line-color": paint("--track"), "line-width": 2.5 } },
    ]);
    this.#ground.onClick("field-fill", (feature) => {
      location.hash = hrefOf("field", [String(feature.properties["id"])]);
    });
    for (const field of this.#known) {
      const [longitudeDeg, latitudeDeg] = labelPlace(field.geometry);
      const mark = make("a", { class: "mark field-mark", href: hrefOf("field", [field.id]), "aria-label": word("farm_open_field", { name: field.name }) }, field.name);
      this.#ground.mark(`field-${field.id}`, mark, longitudeDeg, latitudeDeg, "bottom");
    }
    arrange(this.#fields, this.#known.length === 0
      ? [make("li", { class: "note" }, word("farm_no_fields"))]
      : this.#known.map((field) => make("li", {},
        make("a", { href: hrefOf("field", [field.id]) }, field.name), " ",
        make("span", { class: "note" }, [groundText(field.usable_area_m2), field.owner].filter(Boolean).join(" · ")), " ",
        this.#shower(() => this.#ground.fit(boundsOf(fieldFeatures([field])), 60)))));
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
      else this.#markOf(device.id)?.classList.toggle("stale", old(device.last_seen_ms));
    }
    const elements = (kept: (kind: string) => boolean): HTMLElement[] => devices.filter((device) => kept(device.kind)).map((device) => (this.#cards.get(device.id) as DeviceCard).element);
    arrange(this.#vehicles, elements((kind) => kind === DRONE));
    arrange(this.#houses, elements((kind) => kind !== DRONE));
  }

  #drawVehicle(id: string, card: DeviceCard): void {
    const fix = this.#trails.last(id);
    if (fix === null) {
      card.place(word("farm_no_place"));
      return;
    }
    if (this.#ground.map === null) return;
    let mark = this.#marks.get(id);
    if (!mark) {
      mark = this.#makeMark(id, "vehicle-mark", DRONE);
      card.place(this.#shower(() => this.#jump(id)));
      void this.#trails.seed(id, this.#view.signal).catch(() => undefined);
    }
    this.#trails.follow(id);
    this.#ground.mark(id, mark, fix.longitudeDeg, fix.latitudeDeg);
    this.#places.set(id, { longitudeDeg: fix.longitudeDeg, latitudeDeg: fix.latitudeDeg, ofSite: false });
    mark.classList.toggle("stale", isStale(fix.timeMs, 1));
    const age = mark.querySelector(".mark-age");
    if (age) setText(age, ageText(nowMs() - fix.timeMs));
    // Whoever hears it hears what the others see.
    mark.setAttribute("aria-label", word("farm_marker", { name: mark.textContent ?? "", kind: kindName(DRONE) }));
    const arrow = mark.querySelector("svg");
    const heading = this.#view.farm.value(id, "heading_deg");
    if (arrow) arrow.style.transform = `rotate(${heading?.value ?? 0}deg)`;
  }

  async #placeFixed(id: string, card: DeviceCard): Promise<void> {
    const found = await placeOf(this.#view.farm, id, this.#sites.length > 0 ? this.#sites : (this.#sites = await askSites(this.#view.signal).catch(() => []))).catch(() => null);
    if (this.#view.signal.aborted) return;
    if (found === null) {
      card.place(word("farm_no_place"));
      return;
    }
    this.#places.set(id, found);
    card.place(this.#shower(() => this.#jump(id), found.ofSite ? word("farm_site_place") : ""));
    await this.#ground.ready.catch(() => undefined);
    const kind = this.#view.farm.devices.get(id)?.kind ?? "";
    if (!this.#view.signal.aborted) this.#ground.mark(id, this.#makeMark(id, "house-mark", kind), found.longitudeDeg, found.latitudeDeg);
  }

  #makeMark(id: string, tone: string, kind: string): HTMLElement {
    const name = this.#view.farm.nameOf(id);
    const picture = kind === DRONE ? arrowPicture() : kindIcon(kind);
    const mark = make("button", {
      type: "button", class: `mark ${tone}`, "data-mark": id, "aria-label": word("farm_marker", { name, kind: kindName(kind) }),
      onclick: () => {
        const card = this.#cards.get(id)?.element;
        card?.scrollIntoView({ block: "nearest" });
        card?.focus();
      },
    }, picture, make("span", { class: "mark-name" }, name, kind === DRONE ? " · " : null, make("span", { class: "mark-age" })));
    this.#marks.set(id, mark);
    return mark;
  }

  #markOf(id: string): HTMLElement | undefined {
    return this.#marks.get(id);
  }

  #drawTrails(): void {
    if (this.#ground.map?.getSource("trails")) this.#ground.show("trails", this.#trails.features(), []);
  }

  async #askGateways(): Promise<void> {
    let gateways: GatewayItem[] = [];
    try {
      gateways = await askAll<GatewayItem>("/v1/gateways", { signal: this.#view.signal });
    } catch {
      // A station without an ingest beside it hears no gateway.
    }
    this.#heard = gateways;
    this.#placeGateways();
    const rows = gateways.map((gateway) => make("li", { "data-gateway": gateway.id },
      make("strong", {}, gateway.id), " ",
      make("span", { class: gateway.online ? "state on" : "state off" }, word(gateway.online ? "farm_online" : "farm_offline")), " ",
      make("span", { class: "age" }, gateway.last_status_ms === null ? word("never") : ageText(nowMs() - gateway.last_status_ms)), " ",
      make("span", { class: "note" }, gateway.spool && gateway.spool.records > 0 ? word("farm_spool", { records: numberText(gateway.spool.records, 0) }) : word("farm_spool_none"))));
    this.#gateways.replaceChildren(...(rows.length > 0 ? rows : [make("li", { class: "note" }, word("farm_no_gateways"))]));
  }

  // A gateway tells no position: it is shown at the site of what stands still and speaks through it.
  #placeGateways(): void {
    const devices = [...this.#view.farm.devices.values()].sort((a, b) => Number(a.kind === DRONE) - Number(b.kind === DRONE));
    for (const gateway of this.#heard) {
      const named = devices.find((device) => device.gateway === gateway.id)?.site;
      const site = this.#sites.find((one) => one.name === named);
      if (this.#ground.map === null || !site || site.longitude_deg === null || site.latitude_deg === null) continue;
      const id = `gateway:${gateway.id}`;
      const state = word(gateway.online ? "farm_online" : "farm_offline");
      let mark = this.#marks.get(id);
      if (!mark) {
        const show = (): void => this.#gateways.querySelector(`[data-gateway="${CSS.escape(gateway.id)}"]`)?.scrollIntoView({ block: "nearest" });
        mark = make("button", { type: "button", class: "mark gateway-mark", "data-mark": id, onclick: show }, kindIcon("other"), make("span", { class: "mark-name" }));
        this.#marks.set(id, mark);
      }
      const name = mark.querySelector(".mark-name");
      if (name) setText(name, `${gateway.id} · ${state}`);
      mark.setAttribute("aria-label", word("farm_marker", { name: `${gateway.id} · ${state}`, kind: word("kind_gateway") }));
      mark.classList.toggle("stale", gateway.online !== true);
      this.#ground.mark(id, mark, site.longitude_deg, site.latitude_deg, "bottom");
    }
  }

  #shower(show: () => void, note = ""): HTMLElement {
    return make("span", {}, make("button", { type: "button", class: "plain", onclick: show }, word("farm_show")), note ? make("span", { class: "note" }, ` ${note}`) : null);
  }

  #jump(id: string): void {
    const at = this.#places.get(id);
    if (at) this.#ground.map?.jumpTo({ center: [at.longitudeDeg, at.latitudeDeg], zoom: Math.max(16, this.#ground.map.getZoom()) });
  }

  // Fields and vehicles first: a house far away would make both of them a dot.
  #fit(): void {
    const bounds = boundsOf(fieldFeatures(this.#known)) ?? new LngLatBounds();
    const near = [...this.#places].filter(([id]) => this.#view.farm.devices.get(id)?.kind === DRONE);
    for (const [, at] of near.length > 0 || !bounds.isEmpty() ? near : this.#places) bounds.extend([at.longitudeDeg, at.latitudeDeg]);
    this.#ground.fit(bounds, 56);
  }
}

function old(seenMs: number | null): boolean {
  return seenMs === null || nowMs() - seenMs > 15_000;
}

function section(title: string, content: HTMLElement): HTMLElement {
  return make("section", {}, make("h2", {}, title), content);
}

function arrowPicture(): SVGElement {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M12 2 19 21 12 17 5 21Z");
  picture.append(path);
  return picture;
}
