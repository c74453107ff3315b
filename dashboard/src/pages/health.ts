// Page of the data link: spool, delivery, gaps and clocks of each gateway, and the quarantine.

import "../i18n/health";
import { nowMs } from "../api/clock";
import type { Device } from "../api/farm_state";
import { request, requestAll, ApiError } from "../api/request";
import { currentSession } from "../api/session";
import type { Mount, View } from "../app/view";
import { make, setChildren, setText } from "../components/dom";
import { scrollTable } from "../components/parts";
import { Progress } from "../components/progress";
import { isStale } from "../components/value_tile";
import { ageText, dateTimeText } from "../i18n/instants";
import { bytesText, numberText } from "../i18n/numbers";
import { englishOnly, term, translate } from "../i18n/translate";

const REFRESH_MS = 5000;
const CLOCK_REFRESH_MS = 60_000;
const DAY_MS = 86_400_000;
const PAGE = 50;
const BEHIND_MS = 600_000;
const MAX_RANGES = 100;

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
  epochs: {
    epoch: string;
    accounted: number;
    stored: number;
    quarantined: number;
    dropped_by_gateway: number;
    gone_unseen: number;
    high_water: number;
    missing: [number, number][];
  }[];
  totals: { stored: number; quarantined: number; dropped_by_gateway: number; missing: number };
  loss: number;
  lost: Range[];
  missing: Range[];
  conflicting: number;
  other_content: number;
  alternations: number;
  refused_devices: { device: string; owner: string }[];
  latency_ms: { p50: number | null; p99: number | null; n: number };
}

interface QuarantinedMessage {
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
  readonly #noGateways = make("p", { class: "note", hidden: true }, translate("health_no_gateways"));
  readonly #messageRows = make("tbody");
  readonly #count = make("p", { class: "note", role: "status" });
  readonly #more = make(
    "button",
    { type: "button", class: "secondary", hidden: true, onclick: () => void this.#loadQuarantine(true) },
    translate("show_older"),
  );
  readonly #progress = new Progress();
  readonly #cards = new Map<string, GatewayCard>();
  #cursor: string | number | null = null;

  constructor(readonly view: View) {
    this.element = make(
      "div",
      { class: "page" },
      make("h1", {}, translate("page_health")),
      make("p", { class: "note" }, translate("health_about")),
      this.#noGateways,
      this.#gateways,
      make(
        "section",
        { class: "card", "data-panel": "quarantine" },
        make("h2", {}, translate("health_quarantine")),
        make("p", { class: "note" }, translate("health_quarantine_about")),
        this.#count,
        scrollTable(
          translate("health_quarantine"),
          [
            translate("time"),
            term("device_kinds", "gateway"),
            translate("health_reason"),
            translate("health_detail"),
            translate("health_count"),
            translate("actions"),
          ],
          this.#messageRows,
          "wide",
        ),
        this.#progress.element,
        this.#more,
      ),
    );
  }

  start(): void {
    this.view.repeat(REFRESH_MS, () => this.#loadGateways());
    this.view.repeat(1000, () => {
      for (const card of this.#cards.values()) card.tick();
    });
    this.view.repeat(CLOCK_REFRESH_MS, () => this.#loadClocks());
    void this.#loadQuarantine(false);
  }

  async #loadGateways(): Promise<void> {
    const { signal } = this.view;
    let gateways: Gateway[] = [];
    try {
      gateways = await requestAll<Gateway>("/v1/gateways", { signal });
    } catch (error) {
      // A server without ingest has no gateways.
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
    }
    const deliveries = await Promise.all(
      gateways.map((gateway) => request<Delivery>(`/v1/gateways/${encodeURIComponent(gateway.id)}/delivery`, { signal })),
    );
    this.#noGateways.hidden = gateways.length > 0;
    const cards = gateways.map((gateway, index) => {
      let card = this.#cards.get(gateway.id);
      if (card === undefined) {
        card = new GatewayCard(this.view, gateway.id);
        this.#cards.set(gateway.id, card);
      }
      card.show(gateway, deliveries[index] as Delivery);
      return card.element;
    });
    const hadAll = cards.every((card) => card.parentElement === this.#gateways);
    setChildren(this.#gateways, cards);
    if (!hadAll) await this.#loadClocks();
    this.element.dataset["loaded"] = String(gateways.length);
  }

  async #loadClocks(): Promise<void> {
    const end = Math.floor(nowMs());
    const byGateway = new Map<string, { device: Device; events: ClockEvent[] }[]>();
    for (const device of this.view.farm.devices.values()) {
      const path = `/v1/devices/${encodeURIComponent(device.id)}/events`;
      const { items } = await request<{ items: ClockEvent[] }>(path, {
        signal: this.view.signal,
        query: { start: end - DAY_MS, end, limit: 5000 },
      });
      const events = items.filter((event) => event.kind === "clock_step" || event.kind === "clock_disagrees");
      byGateway.set(device.gateway, [...(byGateway.get(device.gateway) ?? []), { device, events }]);
    }
    for (const [id, card] of this.#cards) card.showClocks(byGateway.get(id) ?? []);
  }

  async #loadQuarantine(more: boolean): Promise<void> {
    const query = { limit: PAGE, cursor: more ? this.#cursor : null };
    if (this.view.signal.aborted) return;
    const page = await this.#progress.run(async () => {
      try {
        return await request<{ items: QuarantinedMessage[]; next: string | number | null }>("/v1/quarantine", {
          signal: this.view.signal,
          query,
        });
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return { items: [], next: null };
        throw error;
      }
    });
    if (page === null) return;
    this.#cursor = page.next;
    this.#more.hidden = page.next === null;
    if (!more) this.#messageRows.replaceChildren();
    this.#messageRows.append(...page.items.map((message) => this.#messageRow(message)));
    const shown = this.#messageRows.children.length;
    this.#messageRows.closest(".scroll")?.toggleAttribute("hidden", shown === 0);
    setText(
      this.#count,
      shown === 0
        ? translate("health_quarantine_empty")
        : translate(page.next === null ? "health_quarantine_count" : "health_quarantine_newest", { count: shown }),
    );
  }

  #messageRow(message: QuarantinedMessage): HTMLElement {
    const scope = currentSession()?.scope ?? "admin";
    const row: HTMLElement = make(
      "tr",
      { "data-refused": message.id },
      make("td", {}, dateTimeText(message.last_seen_ms)),
      make("td", {}, message.gateway ?? translate("unknown")),
      make("th", { scope: "row" }, term("refusals", message.reason)),
      make("td", {}, englishOnly(message.detail) || message.topic),
      make("td", { class: "number" }, message.count),
      make(
        "td",
        {},
        scope === "read"
          ? null
          : make(
              "button",
              { type: "button", class: "plain", onclick: () => void this.#replay(message.id, row) },
              translate("health_replay"),
            ),
        scope === "admin"
          ? make(
              "button",
              { type: "button", class: "plain", onclick: () => void this.#delete(message.id, row) },
              translate("health_delete"),
            )
          : null,
      ),
    );
    return row;
  }

  async #replay(id: number, row: HTMLElement): Promise<void> {
    const requested = await this.#progress.run(
      () => request(`/v1/quarantine/${id}/replay`, { method: "POST" }),
      translate("health_replay_requested"),
    );
    if (requested !== null) row.classList.add("stale");
  }

  async #delete(id: number, row: HTMLElement): Promise<void> {
    if (!confirm(translate("health_delete_confirm"))) return;
    const deleted = await this.#progress.run(async () => {
      await request(`/v1/quarantine/${id}`, { method: "DELETE" });
      return true;
    });
    if (deleted) row.remove();
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

  constructor(
    readonly view: View,
    readonly id: string,
  ) {
    this.element = make(
      "section",
      { class: "card", "data-gateway": id },
      make("header", {}, make("h2", {}, id), this.#state, this.#age),
      make("table", {}, make("caption", { class: "hidden" }, id), this.#facts),
      this.#gaps,
    );
  }

  show(gateway: Gateway, delivery: Delivery): void {
    this.#gateway = gateway;
    const { spool } = gateway;
    const current = delivery.epochs.find((epoch) => epoch.epoch === gateway.epoch) ?? delivery.epochs.at(-1);
    const { totals } = delivery;
    const count = (value: number): string => numberText(value, 0);
    const { missing } = totals;
    const isTwin = delivery.alternations > 1;
    const foreign = delivery.refused_devices.map(({ device, owner }) => translate("health_foreign_value", { device, owner }));
    const { p50, p99, n } = delivery.latency_ms;
    const rows: [string, string, boolean][] = [
      [translate("health_spool"), translate("health_spool_value", { records: count(spool.records), size: bytesText(spool.bytes) }), false],
      [
        translate("health_oldest"),
        spool.oldest_ms === null ? translate("none") : ageText(nowMs() - spool.oldest_ms),
        spool.oldest_ms !== null && nowMs() - spool.oldest_ms > BEHIND_MS,
      ],
      [
        translate("health_committed"),
        current ? translate("health_committed_value", { record: count(current.high_water) }) : translate("none"),
        false,
      ],
      [translate("health_stored"), count(totals.stored), false],
      [
        translate("health_missing"),
        missing === 0 ? translate("none") : translate("health_records", { count: count(missing) }),
        missing > spool.records + 100,
      ],
      [
        translate("health_lost"),
        delivery.loss === 0 ? translate("none") : translate("health_records", { count: count(delivery.loss) }),
        delivery.loss > 0,
      ],
      [
        translate("health_dropped"),
        totals.dropped_by_gateway === 0 && spool.thinned_points === 0
          ? translate("none")
          : translate("health_dropped_value", { records: count(totals.dropped_by_gateway), points: count(spool.thinned_points) }),
        totals.dropped_by_gateway > 0,
      ],
      [
        translate("health_quarantined"),
        totals.quarantined === 0 ? translate("none") : translate("health_records", { count: count(totals.quarantined) }),
        totals.quarantined > 0,
      ],
      [
        translate("health_latency"),
        p50 === null || p99 === null
          ? translate("unknown")
          : translate("health_latency_value", { p50: count(p50), p99: count(p99), n: count(n) }),
        false,
      ],
      [
        translate("health_messages"),
        translate("health_messages_value", {
          received: count(delivery.received),
          duplicate: count(delivery.duplicate),
          since: dateTimeText(delivery.since_ms),
        }),
        false,
      ],
      ...(delivery.conflicting === 0
        ? []
        : [
            [translate("health_conflicting"), translate("health_samples", { count: count(delivery.conflicting) }), true] as [
              string,
              string,
              boolean,
            ],
          ]),
      ...(foreign.length === 0
        ? []
        : [[translate("health_foreign"), foreign.slice(-MAX_RANGES).join(", "), true] as [string, string, boolean]]),
      ...(delivery.other_content === 0 && !isTwin
        ? []
        : [
            [
              translate("health_identity"),
              isTwin ? translate("health_identity_now") : translate("health_identity_once", { count: count(delivery.other_content) }),
              true,
            ] as [string, string, boolean],
          ]),
      ...(spool.trouble === ""
        ? []
        : [
            [translate("health_not_accepting"), englishOnly(spool.trouble) || translate("health_storage_fault"), true] as [
              string,
              string,
              boolean,
            ],
          ]),
    ];
    const factRows = rows.map(([name, text, bad]) =>
      make("tr", {}, make("th", { scope: "row" }, name), make("td", { class: bad ? "bad" : "" }, text)),
    );
    this.#facts.replaceChildren(
      ...factRows,
      make("tr", { "data-fact": "clock" }, make("th", { scope: "row" }, translate("health_clock")), this.#clocks),
      make("tr", {}, make("th", { scope: "row" }, translate("health_software")), make("td", {}, gateway.software || translate("unknown"))),
    );
    const gaps = [
      ...delivery.lost.map((range) => [translate("health_lost"), range] as const),
      ...delivery.missing.map((range) => [translate("health_missing"), range] as const),
    ];
    this.#gaps.replaceChildren(
      gaps.length === 0
        ? ""
        : make(
            "details",
            { class: "how" },
            make("summary", {}, translate("health_gaps", { count: gaps.length })),
            ...gaps.slice(0, MAX_RANGES).map(([name, range]) => make("p", {}, `${name}: ${count(range.first)} – ${count(range.last)}`)),
          ),
    );
    this.tick();
  }

  showClocks(devices: { device: Device; events: ClockEvent[] }[]): void {
    const sources = new Map<string, number>();
    for (const { device } of devices) sources.set(device.clock ?? "unknown", (sources.get(device.clock ?? "unknown") ?? 0) + 1);
    const sourceText = [...sources].map(([clock, count]) => `${term("clocks", clock)} × ${count}`).join(", ");
    const worst = devices
      .flatMap(({ device, events }) =>
        events.map((event) => ({ device, ms: Number(event.data["ahead_ms"] ?? event.data["step_ms"] ?? 0), at: event.time_ms })),
      )
      .sort((a, b) => Math.abs(b.ms) - Math.abs(a.ms))[0];
    const error =
      worst === undefined
        ? translate("health_clock_none")
        : translate("health_clock_worst", {
            seconds: numberText(worst.ms / 1000, 1),
            device: this.view.farm.nameOf(worst.device.id),
            when: dateTimeText(worst.at),
          });
    this.#clocks.classList.toggle("bad", worst !== undefined);
    setText(this.#clocks, [sourceText, error].filter(Boolean).join(" · "));
  }

  tick(): void {
    const gateway = this.#gateway;
    if (gateway === null) return;
    const statusMs = gateway.last_status_ms;
    const old = statusMs === null || isStale(statusMs, 30);
    const online = gateway.online === true;
    this.#state.className = `state ${online && !old ? "on" : "off"}`;
    setText(this.#state, translate(gateway.online === null ? "unknown" : !online ? "offline" : old ? "stale" : "online"));
    setText(this.#age, statusMs === null ? translate("no_data") : ageText(nowMs() - statusMs));
    this.#age.classList.toggle("stale", old);
  }
}
