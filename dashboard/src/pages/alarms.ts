// What stands, what stood, by which rules, and what a rule would have raised.

import { nowMs } from "../api/clock";
import { ask, askAll, sentenceOf } from "../api/request";
import { currentSession } from "../api/session";
import type { Mount, View } from "../app/view";
import { make, setText } from "../components/dom";
import { Progress } from "../components/progress";
import { ageText, dateTimeText, durationText } from "../i18n/instants";
import { digitsOf, numberText, unitText } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { channelName, word, wordOf } from "../i18n/translate";

const REFRESH_MS = 5000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const PAGE = 50;

interface Alarm {
  id: string;
  rule: string;
  subject: string;
  name: string;
  severity: "info" | "warning" | "critical";
  began_ms: number;
  raised_ms: number;
  ended_ms: number | null;
  ended_why: string | null;
  what: string;
  value: number | null;
  unit: string;
  condition: string;
  threshold: number | null;
  estimated: boolean;
  simulated: boolean;
  text: string;
  text_zh: string;
  acknowledged_ms: number | null;
  acknowledged_by: string | null;
  note: string;
  snoozed_until_ms: number | null;
}

interface Rule {
  id: string;
  version: number;
  name: string;
  severity: Alarm["severity"];
  enabled: boolean;
  device: string | null;
  kind: string | null;
  site: string | null;
  for_s: number;
  text: string;
  text_zh: string;
  source: string;
}

interface Replay {
  alarms: number;
  devices: { device: string; name: string; simulated: boolean; judged: number; reason: string | null; alarms: Omit<Alarm, "id" | "rule" | "subject" | "name" | "simulated">[] }[];
}

export const mount: Mount = (place, view) => {
  const page = new AlarmsPage(view);
  place.append(page.element);
  page.start();
};

class AlarmsPage {
  readonly element: HTMLElement;
  readonly #standing = make("div", { class: "cards", "data-list": "standing" });
  readonly #count = make("p", { class: "note", role: "status" });
  readonly #history = make("tbody");
  readonly #more = make("button", { type: "button", class: "secondary", hidden: true, onclick: () => void this.#moreHistory() }, word("alarms_more"));
  readonly #rules = make("div", { class: "cards" });
  readonly #progress = new Progress();
  readonly #cards = new Map<string, AlarmCard>();
  #cursor: string | null = null;

  constructor(readonly view: View) {
    this.element = make("div", { class: "page" },
      make("h1", {}, word("page_alarms")),
      make("section", { class: "stack" }, make("h2", {}, word("alarms_standing")), this.#count, this.#standing),
      make("section", { class: "card", "data-panel": "history" }, make("h2", {}, word("alarms_history")),
        make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": word("alarms_history") },
          make("table", { class: "wide" }, make("caption", { class: "hidden" }, word("alarms_history")),
            make("thead", {}, make("tr", {}, ...[word("alarms_raised"), word("alarms_severity"), word("alarms_rule"), word("alarms_where"), word("value"), word("alarms_ended"), word("alarms_note")].map((head) => make("th", { scope: "col" }, head)))),
            this.#history)),
        this.#progress.element, this.#more),
      make("section", { class: "stack" }, make("h2", {}, word("alarms_rules")), make("p", { class: "note" }, word("alarms_rules_about")), this.#rules));
  }

  start(): void {
    this.view.repeat(REFRESH_MS, () => this.#askStanding());
    this.view.repeat(1000, () => {
      for (const card of this.#cards.values()) card.tick();
    });
    void this.#moreHistory();
    void this.#askRules();
  }

  async #askStanding(): Promise<void> {
    const found = await askAll<Alarm>("/v1/alarms", { signal: this.view.signal, query: { state: "active", limit: 500 } }, 1000);
    const order = { critical: 0, warning: 1, info: 2 };
    found.sort((a, b) => Number(a.acknowledged_ms !== null) - Number(b.acknowledged_ms !== null) || order[a.severity] - order[b.severity] || b.raised_ms - a.raised_ms);
    setText(this.#count, found.length === 0 ? word("alarms_none") : word("alarms_count", { count: found.length }));
    for (const id of this.#cards.keys()) if (!found.some((alarm) => alarm.id === id)) this.#cards.delete(id);
    const cards = found.map((alarm) => {
      let card = this.#cards.get(alarm.id);
      if (card === undefined) this.#cards.set(alarm.id, (card = new AlarmCard(this.view, () => void this.#askStanding())));
      card.show(alarm);
      return card.element;
    });
    const same = this.#standing.children.length === cards.length && cards.every((card, index) => this.#standing.children[index] === card);
    if (!same) this.#standing.replaceChildren(...cards);
    this.element.dataset["loaded"] = String(found.length);
  }

  async #moreHistory(): Promise<void> {
    const query = { state: "ended", limit: PAGE, cursor: this.#cursor };
    const found = await this.#progress.run(() => ask<{ items: Alarm[]; next: string | null }>("/v1/alarms", { signal: this.view.signal, query }));
    if (found === null) return;
    this.#cursor = found.next;
    this.#more.hidden = found.next === null;
    this.#history.append(...found.items.map((alarm) => make("tr", {},
      make("td", {}, dateTimeText(alarm.raised_ms)), make("td", {}, severityMark(alarm.severity)), make("th", { scope: "row" }, alarm.rule), make("td", {}, subjectName(this.view, alarm)),
      make("td", {}, conditionText(alarm)), make("td", {}, alarm.ended_ms === null ? "—" : dateTimeText(alarm.ended_ms), make("span", { class: "more" }, ` ${wordOf("alarms_why", alarm.ended_why ?? "", alarm.ended_why ?? "")}`)),
      make("td", {}, [alarm.note, alarm.acknowledged_by].filter(Boolean).join(" · "), alarm.simulated ? simulatedMark() : null))));
    if (this.#history.children.length === 0) this.#history.append(make("tr", {}, make("td", { colspan: 7, class: "none" }, word("alarms_no_history"))));
  }

  async #askRules(): Promise<void> {
    try {
      const rules = await askAll<Rule>("/v1/alarm-rules", { signal: this.view.signal });
      this.#rules.replaceChildren(...(rules.length === 0 ? [make("p", { class: "note" }, word("alarms_no_rules"))] : rules.map((rule) => new RuleCard(this.view, rule).element)));
    } catch (error) {
      const sentence = sentenceOf(error);
      if (sentence !== null) this.#rules.replaceChildren(make("p", { class: "trouble" }, sentence));
    }
  }
}

class AlarmCard {
  readonly element = make("article", { class: "card alarm-card" });
  readonly #age = make("span", { class: "age" });
  readonly #progress = new Progress();
  #alarm: Alarm | null = null;
  #shown = "";

  constructor(readonly view: View, readonly onDone: () => void) {}

  show(alarm: Alarm): void {
    this.#alarm = alarm;
    const state = JSON.stringify([alarm.acknowledged_ms, alarm.snoozed_until_ms, alarm.value, alarm.severity, alarm.note]);
    this.tick();
    // What somebody is typing must not be taken away by a refresh.
    if (state === this.#shown) return;
    this.#shown = state;
    this.element.dataset["severity"] = alarm.severity;
    this.element.dataset["alarm"] = alarm.id;
    const text = currentLanguage() === "en" ? alarm.text : alarm.text_zh || wordOf("alarms_says", alarm.rule, alarm.text);
    const taken = alarm.acknowledged_ms === null ? null : make("p", {}, word("alarms_taken", { by: alarm.acknowledged_by ?? "", when: dateTimeText(alarm.acknowledged_ms) }), alarm.note ? ` – ${alarm.note}` : "");
    const snoozed = alarm.snoozed_until_ms !== null && alarm.snoozed_until_ms > nowMs() ? make("p", { class: "note" }, word("alarms_snoozed", { until: dateTimeText(alarm.snoozed_until_ms) })) : null;
    this.element.replaceChildren(
      make("header", {}, severityMark(alarm.severity), make("h3", {}, text || alarm.rule), this.#age, alarm.simulated ? simulatedMark() : ""),
      make("p", {}, `${subjectName(this.view, alarm)}: ${conditionText(alarm)}`),
      make("p", { class: "note" }, word("alarms_since", { began: dateTimeText(alarm.began_ms), rule: alarm.rule })),
      ...[taken, snoozed].filter((one) => one !== null), ...(currentSession()?.scope === "read" ? [] : [this.#form(alarm)]), this.#progress.element);
  }

  tick(): void {
    if (this.#alarm) setText(this.#age, ageText(nowMs() - this.#alarm.raised_ms));
  }

  #form(alarm: Alarm): HTMLElement {
    const note = make("input", { id: `note-${alarm.id}`, maxlength: 500, value: alarm.note });
    const until = make("select", { id: `snooze-${alarm.id}` }, ...[1, 4, 12, 24].map((hours) => make("option", { value: hours }, word("alarms_hours", { hours }))));
    const field = (control: HTMLElement, text: string): HTMLElement => make("div", { class: "labelled" }, make("label", { for: control.id }, text), control);
    const form = make("form", { class: "buttons" }, field(note, word("alarms_note")),
      make("button", { type: "submit", class: "primary" }, word(alarm.acknowledged_ms === null ? "alarms_acknowledge" : "alarms_change_note")),
      field(until, word("alarms_snooze_for")),
      make("button", { type: "button", class: "secondary", onclick: () => void this.#post(`/v1/alarms/${alarm.id}/snooze`, { until_ms: Math.round(nowMs() + Number(until.value) * HOUR_MS) }) }, word("alarms_snooze")),
      alarm.snoozed_until_ms !== null && alarm.snoozed_until_ms > nowMs()
        ? make("button", { type: "button", class: "secondary", onclick: () => void this.#post(`/v1/alarms/${alarm.id}/snooze`, { until_ms: null }) }, word("alarms_wake")) : null);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#post(`/v1/alarms/${alarm.id}/acknowledge`, { note: note.value.trim() });
    });
    return form;
  }

  async #post(path: string, body: unknown): Promise<void> {
    if ((await this.#progress.run(() => ask(path, { method: "POST", body }))) !== null) this.onDone();
  }
}

class RuleCard {
  readonly element: HTMLElement;
  readonly #progress = new Progress();
  readonly #found = make("div", { role: "status" });

  constructor(readonly view: View, readonly rule: Rule) {
    const text = currentLanguage() === "en" ? rule.text : rule.text_zh || rule.text;
    const where = [rule.device, rule.kind, rule.site].filter((one): one is string => Boolean(one)).map((one) => wordOf("kind", one, one)).join(", ") || word("alarms_everywhere");
    const days = make("select", { id: `days-${rule.id}` }, ...[1, 7, 30].map((count) => make("option", { value: count, selected: count === 7 }, word("alarms_days", { days: count }))));
    this.element = make("article", { class: "card", "data-rule": rule.name },
      make("header", {}, severityMark(rule.severity), make("h3", {}, rule.name), rule.enabled ? "" : make("span", { class: "state off" }, word("off"))),
      text ? make("p", {}, text) : null,
      make("p", { class: "note" }, word("alarms_rule_about", { where, minutes: numberText(rule.for_s / 60, rule.for_s % 60 === 0 ? 0 : 1) })),
      make("details", { class: "how" }, make("summary", {}, word("alarms_conditions")), make("pre", { class: "entry", tabindex: 0 }, JSON.stringify((rule as unknown as { any_of?: unknown }).any_of ?? rule, null, 1)), rule.source ? make("p", {}, rule.source) : null),
      make("div", { class: "buttons" },
        make("div", { class: "labelled" }, make("label", { for: days.id }, word("alarms_replay_over")), days),
        make("button", { type: "button", class: "secondary", onclick: () => void this.#replay(Number(days.value)) }, word("alarms_replay"))),
      this.#progress.element, this.#found);
  }

  async #replay(days: number): Promise<void> {
    const end = Math.floor(nowMs());
    const query = { start: end - days * DAY_MS, end };
    const found = await this.#progress.run(() => ask<Replay>(`/v1/alarm-rules/${this.rule.id}/replay`, { method: "POST", query, signal: this.view.signal, patienceMs: 300_000 }));
    if (found === null) return;
    const unknown = found.devices.filter((device) => device.reason !== null).length;
    const rows = found.devices.flatMap((device) => device.alarms.map((alarm) => make("tr", {},
      make("td", {}, dateTimeText(alarm.raised_ms)), make("td", {}, severityMark(alarm.severity)), make("th", { scope: "row" }, device.name || this.view.farm.nameOf(device.device)),
      make("td", {}, conditionText(alarm)), make("td", {}, alarm.ended_ms === null ? word("alarms_still") : dateTimeText(alarm.ended_ms)))));
    this.#found.replaceChildren(
      make("p", {}, word("alarms_would_have", { count: found.alarms, devices: found.devices.length - unknown })),
      unknown > 0 ? make("p", { class: "note" }, word("alarms_replay_unknown", { devices: unknown })) : "",
      rows.length === 0 ? "" : make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": word("alarms_replay") }, make("table", {},
        make("caption", { class: "hidden" }, word("alarms_replay")),
        make("thead", {}, make("tr", {}, ...[word("alarms_raised"), word("alarms_severity"), word("alarms_where"), word("value"), word("alarms_ended")].map((head) => make("th", { scope: "col" }, head)))),
        make("tbody", {}, ...rows))));
  }
}

function severityMark(severity: Alarm["severity"]): HTMLElement {
  return make("span", { class: "severity", "data-severity": severity }, wordOf("alarms_severity", severity, severity));
}

function simulatedMark(): HTMLElement {
  return make("span", { class: "badge", title: word("simulated_hint") }, word("simulated"));
}

function subjectName(view: View, alarm: Alarm): string {
  return alarm.name || view.farm.nameOf(alarm.subject);
}

function conditionText(alarm: Pick<Alarm, "what" | "value" | "unit" | "condition" | "threshold" | "estimated">): string {
  const say = (value: number): string => (alarm.unit === "s" ? durationText(value) : `${numberText(value, digitsOf(alarm.unit))} ${unitText(alarm.unit)}`.trim());
  const value = alarm.value === null ? word("unknown") : say(alarm.value);
  const limit = alarm.threshold === null ? "" : ` (${wordOf("alarms_condition", alarm.condition, alarm.condition)} ${say(alarm.threshold)})`;
  return `${wordOf("alarms_what", alarm.what, channelName(alarm.what))} ${value}${limit}${alarm.estimated ? ` · ${word("alarms_estimated")}` : ""}`;
}
