// What became of the data: of each gateway its spool, its last commit, gaps, refused messages and clocks.

import { nowMs } from "../api/clock";
import type { Device } from "../api/farm_state";
import { ask, askAll, AskError } from "../api/request";
import { currentSession } from "../api/session";
import type { Mount, View } from "../app/view";
import { make, setText } from "../components/dom";
import { Progress } from "../components/progress";
import { isStale } from "../components/value_tile";
import { ageText, dateTimeText } from "../i18n/instants";
import { numberText } from "../i18n/numbers";
import { word, wordOf } from "../i18n/translate";

const REFRESH_MS = 5000;
const CLOCKS_MS = 60_000;
const DAY_MS = 86_400_000;
const PAGE = 50;
const MIB = 1024 * 1024;

interface Spool {
  records: number;
  bytes: number;
  oldest_ms: number | null;
  dropped_records: number;
  dropped_points: number;
  thinned_points: number;
  trouble: string;
}

interface Gateway {
  id: string;
  online: boolean | null;
  last_status_ms: number | null;
  software: string;
  epoch: string;
  spool: Spool;
}

interface Range {
  epoch: string;
  first: number;
  last: number;
}

interface Delivery {
  since_ms: number;
  received: number;
  duplicate: number;
  epochs: { epoch: string; accounted: number; stored: number; quarantined: number; dropped_by_gateway: number; gone_unseen: number; high_water: number; missing: [number, number][] }[];
  loss: number;
  lost: Range[];
  missing: Range[];
  latency_ms: { p50: number | null; p99: number | null; n: number };
}

interface Refused {
  id: number;
  topic: string;
  reason: string;
  detail: string;
  gateway: string | null;
  first_seen_ms: number;
  last_seen_ms: number;
  count: number;
  is_asked: boolean;
}

interface ClockEvent {
  time_ms: number;
  kind: string;
  data: Record<string, unknown>;
}

export const mount: Mount = (place, view) => {
  const page = new HealthPage(view);
  place.append(page.element);
  page.start();
};

class HealthPage {
  readonly element: HTMLElement;
  readonly #gateways = make("div", { class: "cards" });
  readonly #none = make("p", { class: "note", hidden: true }, word("health_no_gateways"));
  readonly #refused = make("tbody");
  readonly #count = make("p", { class: "note", role: "status" });
  readonly #more = make("button", { type: "button", class: "secondary", hidden: true, onclick: () => void this.#askRefused(true) }, word("health_more"));
  readonly #progress = new Progress();
  readonly #cards = new Map<string, GatewayCard>();
  #before: string | number | null = null;

  constructor(readonly view: View) {
    this.element = make("div", { class: "page" },
      make("h1", {}, word("page_health")),
      make("p", { class: "note" }, word("health_about")), this.#none, this.#gateways,
      make("section", { class: "card", "data-panel": "quarantine" }, make("h2", {}, word("health_quarantine")), make("p", { class: "note" }, word("health_quarantine_about")), this.#count,
        make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": word("health_quarantine") },
          make("table", { class: "wide" }, make("caption", { class: "hidden" }, word("health_quarantine")),
            make("thead", {}, make("tr", {}, ...[word("time"), word("kind_gateway"), word("health_reason"), word("health_detail"), word("health_times"), word("health_act")].map((head) => make("th", { scope: "col" }, head)))),
            this.#refused)),
        this.#progress.element, this.#more));
  }

  start(): void {
    this.view.repeat(REFRESH_MS, () => this.#askGateways());
    this.view.repeat(1000, () => {
      for (const card of this.#cards.values()) card.tick();
    });
    this.view.repeat(CLOCKS_MS, () => this.#askClocks());
    void this.#askRefused(false);
  }

  async #askGateways(): Promise<void> {
    const { signal } = this.view;
    let gateways: Gateway[] = [];
    try {
      gateways = await askAll<Gateway>("/v1/gateways", { signal });
    } catch (error) {
      // An API without an ingest beside it hears no gateway.
      if (!(error instanceof AskError) || error.status !== 404) throw error;
    }
    const deliveries = await Promise.all(gateways.map((gateway) => ask<Delivery>(`/v1/gateways/${encodeURIComponent(gateway.id)}/delivery`, { signal })));
    this.#none.hidden = gateways.length > 0;
    const cards = gateways.map((gateway, index) => {
      let card = this.#cards.get(gateway.id);
      if (card === undefined) this.#cards.set(gateway.id, (card = new GatewayCard(this.view, gateway.id)));
      card.show(gateway, deliveries[index] as Delivery);
      return card.element;
    });
    const same = this.#gateways.children.length === cards.length && cards.every((card, index) => this.#gateways.children[index] === card);
    if (!same) {
      this.#gateways.replaceChildren(...cards);
      await this.#askClocks();
    }
    this.element.dataset["loaded"] = String(gateways.length);
  }

  async #askClocks(): Promise<void> {
    const end = Math.floor(nowMs());
    const byGateway = new Map<string, { device: Device; events: ClockEvent[] }[]>();
    for (const device of this.view.farm.devices.values()) {
      const path = `/v1/devices/${encodeURIComponent(device.id)}/events`;
      const found = await ask<{ items: ClockEvent[] }>(path, { signal: this.view.signal, query: { start: end - DAY_MS, end, limit: 5000 } });
      const events = found.items.filter((event) => event.kind === "clock_step" || event.kind === "clock_disagrees");
      byGateway.set(device.gateway, [...(byGateway.get(device.gateway) ?? []), { device, events }]);
    }
    for (const [id, card] of this.#cards) card.showClocks(byGateway.get(id) ?? []);
  }

  async #askRefused(more: boolean): Promise<void> {
    const query = { limit: PAGE, cursor: more ? this.#before : null };
    let found: { items: Refused[]; next: string | number | null } | null = { items: [], next: null };
    if (this.view.signal.aborted) return;
    found = await this.#progress.run(async () => {
      try {
        return await ask<{ items: Refused[]; next: string | number | null }>("/v1/quarantine", { signal: this.view.signal, query });
      } catch (error) {
        if (error instanceof AskError && error.status === 404) return { items: [], next: null };
        throw error;
      }
    });
    if (found === null) return;
    this.#before = found.next;
    this.#more.hidden = found.next === null;
    if (!more) this.#refused.replaceChildren();
    this.#refused.append(...found.items.map((one) => this.#refusedRow(one)));
    const shown = this.#refused.children.length;
    this.#refused.closest(".scroll")?.toggleAttribute("hidden", shown === 0);
    setText(this.#count, shown === 0 ? word("health_none_refused") : word(found.next === null ? "health_refused" : "health_refused_more", { count: shown }));
  }

  #refusedRow(one: Refused): HTMLElement {
    const scope = currentSession()?.scope ?? "admin";
    const row: HTMLElement = make("tr", { "data-refused": one.id },
      make("td", {}, dateTimeText(one.last_seen_ms)), make("td", {}, one.gateway ?? word("unknown")), make("th", { scope: "row" }, wordOf("health_reason", one.reason, one.reason.replaceAll("_", " "))),
      make("td", {}, one.detail), make("td", { class: "number" }, one.count),
      make("td", {}, scope === "read" ? null : make("button", { type: "button", class: "plain", onclick: () => void this.#replay(one.id, row) }, word("health_replay")),
        scope === "admin" ? make("button", { type: "button", class: "plain", onclick: () => void this.#drop(one.id, row) }, word("health_drop")) : null));
    return row;
  }

  async #replay(id: number, row: HTMLElement): Promise<void> {
    const asked = await this.#progress.run(() => ask(`/v1/quarantine/${id}/replay`, { method: "POST" }), word("health_replay_asked"));
    if (asked !== null) row.classList.add("stale");
  }

  async #drop(id: number, row: HTMLElement): Promise<void> {
    if (!confirm(word("health_drop_sure"))) return;
    const gone = await this.#progress.run(async () => {
      await ask(`/v1/quarantine/${id}`, { method: "DELETE" });
      return true;
    });
    if (gone) row.remove();
  }
}

class GatewayCard {
  readonly element: HTMLElement;
  readonly #state = make("span", { class: "state" });
  readonly #age = make("span", { class: "age" });
  readonly #facts = make("tbody");
  readonly #clocks = make("td", {}, "…");
  readonly #gaps = make("div");
  #gateway: Gateway | null = null;

  constructor(readonly view: View, readonly id: string) {
    this.element = make("section", { class: "card", "data-gateway": id },
      make("header", {}, make("h2", {}, id), this.#state, this.#age),
      make("table", {}, make("caption", { class: "hidden" }, id), this.#facts), this.#gaps);
  }

  show(gateway: Gateway, delivery: Delivery): void {
    this.#gateway = gateway;
    const { spool } = gateway;
    const current = delivery.epochs.find((epoch) => epoch.epoch === gateway.epoch) ?? delivery.epochs.at(-1);
    const sum = (of: "stored" | "quarantined" | "dropped_by_gateway" | "gone_unseen"): number => delivery.epochs.reduce((total, epoch) => total + epoch[of], 0);
    const count = (value: number): string => numberText(value, 0);
    const missing = delivery.missing.reduce((total, range) => total + range.last - range.first + 1, 0);
    const { p50, p99, n } = delivery.latency_ms;
    const rows: [string, string, boolean][] = [
      [word("health_spool"), word("health_spool_is", { records: count(spool.records), mebibytes: numberText(spool.bytes / MIB, 1) }), false],
      [word("health_oldest"), spool.oldest_ms === null ? word("none") : ageText(nowMs() - spool.oldest_ms), spool.oldest_ms !== null && nowMs() - spool.oldest_ms > 600_000],
      [word("health_committed"), current ? word("health_committed_is", { record: count(current.high_water), epoch: current.epoch }) : word("never"), false],
      [word("health_stored"), count(sum("stored")), false],
      [word("health_missing"), missing === 0 ? word("none") : word("health_records", { count: count(missing) }), missing > spool.records + 100],
      [word("health_lost"), delivery.loss === 0 ? word("none") : word("health_records", { count: count(delivery.loss) }), delivery.loss > 0],
      [word("health_dropped"), sum("dropped_by_gateway") === 0 && spool.thinned_points === 0 ? word("none") : word("health_dropped_is", { records: count(sum("dropped_by_gateway")), points: count(spool.thinned_points) }), sum("dropped_by_gateway") > 0],
      [word("health_quarantined"), sum("quarantined") === 0 ? word("none") : word("health_records", { count: count(sum("quarantined")) }), sum("quarantined") > 0],
      [word("health_latency"), p50 === null || p99 === null ? word("unknown") : word("health_latency_is", { p50: count(p50), p99: count(p99), n: count(n) }), false],
      [word("health_messages"), word("health_messages_is", { received: count(delivery.received), duplicate: count(delivery.duplicate), since: dateTimeText(delivery.since_ms) }), false],
      ...(spool.trouble === "" ? [] : [[word("health_trouble"), spool.trouble, true] as [string, string, boolean]]),
    ];
    const made = rows.map(([name, text, bad]) => make("tr", {}, make("th", { scope: "row" }, name), make("td", { class: bad ? "bad" : "" }, text)));
    this.#facts.replaceChildren(...made, make("tr", { "data-fact": "clock" }, make("th", { scope: "row" }, word("health_clock")), this.#clocks),
      make("tr", {}, make("th", { scope: "row" }, word("health_software")), make("td", {}, gateway.software || word("unknown"))));
    const gaps = [...delivery.lost.map((range) => [word("health_lost"), range] as const), ...delivery.missing.map((range) => [word("health_missing"), range] as const)];
    this.#gaps.replaceChildren(gaps.length === 0 ? "" : make("details", { class: "how" }, make("summary", {}, word("health_gaps", { count: gaps.length })),
      ...gaps.slice(0, 100).map(([name, range]) => make("p", {}, `${name}: ${count(range.first)} – ${count(range.last)} (${range.epoch})`))));
    this.tick();
  }

  showClocks(devices: { device: Device; events: ClockEvent[] }[]): void {
    const sources = new Map<string, number>();
    for (const { device } of devices) sources.set(device.clock ?? "unknown", (sources.get(device.clock ?? "unknown") ?? 0) + 1);
    const listed = [...sources].map(([clock, count]) => `${wordOf("health_clock", clock, clock)} × ${count}`).join(", ");
    const worst = devices.flatMap(({ device, events }) => events.map((event) => ({ device, ms: Number(event.data["ahead_ms"] ?? event.data["step_ms"] ?? 0), at: event.time_ms })))
      .sort((a, b) => Math.abs(b.ms) - Math.abs(a.ms))[0];
    const error = worst === undefined ? word("health_clock_none") : word("health_clock_worst", { seconds: numberText(worst.ms / 1000, 1), device: this.view.farm.nameOf(worst.device.id), when: dateTimeText(worst.at) });
    this.#clocks.classList.toggle("bad", worst !== undefined);
    setText(this.#clocks, [listed, error].filter(Boolean).join(" · "));
  }

  tick(): void {
    const gateway = this.#gateway;
    if (gateway === null) return;
    const heard = gateway.last_status_ms;
    const old = heard === null || isStale(heard, 30);
    const online = gateway.online === true;
    this.#state.className = `state ${online && !old ? "on" : "off"}`;
    setText(this.#state, word(gateway.online === null ? "unknown" : !online ? "health_offline" : old ? "stale" : "health_online"));
    setText(this.#age, heard === null ? word("never") : ageText(nowMs() - heard));
    this.#age.classList.toggle("stale", old);
  }
}
