// Page of the alarms: active alarms, history, and rules with a test on past data.

import "../i18n/alarms";
import { nowMs } from "../api/clock";
import { errorText, request, requestAll } from "../api/request";
import { currentSession } from "../api/session";
import type { Mount, View } from "../app/view";
import {
  alarmValueText,
  localText,
  ruleConditionLines,
  ruleTitle,
  SEVERITIES,
  severityBadge,
  type Alarm,
  type RuleCondition,
  type Severity,
} from "../components/alarm_text";
import { make, setChildren, setText } from "../components/dom";
import { labelled, scrollTable, simulatedBadge } from "../components/parts";
import { Progress } from "../components/progress";
import { ageText, dateTimeText, durationText } from "../i18n/instants";
import { authorText, englishOnly, term, translate } from "../i18n/translate";

const REFRESH_MS = 5000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const PAGE_LENGTH = 50;
const SNOOZE_HOURS = [1, 4, 12, 24];
const TEST_DAYS = [1, 7, 30];
const TEST_TIMEOUT_MS = 300_000;

interface Rule {
  id: string;
  name: string;
  severity: Severity;
  enabled: boolean;
  device: string | null;
  kind: string | null;
  site: string | null;
  for_s: number;
  any_of: RuleCondition[][];
  text: string;
  text_zh: string;
  source: string;
}

interface RuleTest {
  alarms: number;
  devices: {
    device: string;
    name: string;
    reason: string | null;
    alarms: Omit<Alarm, "id" | "rule" | "subject" | "name" | "simulated">[];
  }[];
}

export const mount: Mount = (place, view) => {
  const page = new AlarmsPage(view);
  place.append(page.element);
  page.start();
};

class AlarmsPage {
  readonly element: HTMLElement;
  readonly #active = make("div", { class: "cards", "data-list": "active" });
  readonly #count = make("p", { class: "note", role: "status" });
  readonly #history = make("tbody");
  readonly #more = make(
    "button",
    { type: "button", class: "secondary", hidden: true, onclick: () => void this.#loadHistory() },
    translate("show_older"),
  );
  readonly #rules = make("div", { class: "cards" });
  readonly #progress = new Progress();
  readonly #cards = new Map<string, AlarmCard>();
  #cursor: string | null = null;

  constructor(readonly view: View) {
    const heads = [
      translate("alarms_raised"),
      translate("alarms_severity"),
      translate("alarms_rule"),
      translate("alarms_subject"),
      translate("value"),
      translate("alarms_ended"),
      translate("alarms_note"),
    ];
    this.element = make(
      "div",
      { class: "page" },
      make("h1", {}, translate("page_alarms")),
      make("section", { class: "stack" }, make("h2", {}, translate("alarms_active")), this.#count, this.#active),
      make(
        "section",
        { class: "card", "data-panel": "history" },
        make("h2", {}, translate("alarms_history")),
        scrollTable(translate("alarms_history"), heads, this.#history, "wide"),
        this.#progress.element,
        this.#more,
      ),
      make(
        "section",
        { class: "stack" },
        make("h2", {}, translate("alarms_rules")),
        make("p", { class: "note" }, translate("alarms_rules_about")),
        this.#rules,
      ),
    );
  }

  start(): void {
    this.view.repeat(REFRESH_MS, () => this.#loadActive());
    this.view.repeat(1000, () => {
      for (const card of this.#cards.values()) card.updateAge();
    });
    void this.#loadHistory();
    void this.#loadRules();
  }

  async #loadActive(): Promise<void> {
    const alarms = await requestAll<Alarm>("/v1/alarms", { signal: this.view.signal, query: { state: "active", limit: 500 } }, 1000);
    alarms.sort(
      (a, b) =>
        Number(a.acknowledged_ms !== null) - Number(b.acknowledged_ms !== null) ||
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
        b.raised_ms - a.raised_ms,
    );
    setText(this.#count, alarms.length === 0 ? translate("alarms_none") : translate("alarms_count", { count: alarms.length }));
    for (const id of this.#cards.keys()) if (!alarms.some((alarm) => alarm.id === id)) this.#cards.delete(id);
    setChildren(
      this.#active,
      alarms.map((alarm) => {
        let card = this.#cards.get(alarm.id);
        if (card === undefined) {
          card = new AlarmCard(this.view, () => void this.#loadActive());
          this.#cards.set(alarm.id, card);
        }
        card.show(alarm);
        return card.element;
      }),
    );
    this.element.dataset["loaded"] = String(alarms.length);
  }

  async #loadHistory(): Promise<void> {
    const query = { state: "ended", limit: PAGE_LENGTH, cursor: this.#cursor };
    const page = await this.#progress.run(() =>
      request<{ items: Alarm[]; next: string | null }>("/v1/alarms", { signal: this.view.signal, query }),
    );
    if (page === null) return;
    this.#cursor = page.next;
    this.#more.hidden = page.next === null;
    this.#history.append(
      ...page.items.map((alarm) =>
        make(
          "tr",
          {},
          make("td", {}, dateTimeText(alarm.raised_ms)),
          make("td", {}, severityBadge(alarm.severity)),
          make("th", { scope: "row" }, ruleTitle(alarm.rule)),
          make("td", {}, subjectName(this.view, alarm)),
          make("td", {}, alarmValueText(alarm)),
          make(
            "td",
            {},
            alarm.ended_ms === null ? "—" : dateTimeText(alarm.ended_ms),
            make("span", { class: "more" }, ` ${alarm.ended_why === null ? "" : term("alarm_endings", alarm.ended_why)}`),
          ),
          make(
            "td",
            {},
            [alarm.note, alarm.acknowledged_by === null ? "" : authorText(alarm.acknowledged_by)].filter(Boolean).join(" · "),
            alarm.simulated ? simulatedBadge() : null,
          ),
        ),
      ),
    );
    if (this.#history.children.length === 0)
      this.#history.append(make("tr", {}, make("td", { colspan: 7, class: "none" }, translate("alarms_no_history"))));
  }

  async #loadRules(): Promise<void> {
    try {
      const rules = await requestAll<Rule>("/v1/alarm-rules", { signal: this.view.signal });
      this.#rules.replaceChildren(
        ...(rules.length === 0
          ? [make("p", { class: "note" }, translate("alarms_no_rules"))]
          : rules.map((rule) => new RuleCard(this.view, rule).element)),
      );
    } catch (error) {
      const text = errorText(error);
      if (text !== null) this.#rules.replaceChildren(make("p", { class: "error" }, text));
    }
  }
}

class AlarmCard {
  readonly element = make("article", { class: "card alarm-card" });
  readonly #age = make("span", { class: "age" });
  readonly #progress = new Progress();
  #alarm: Alarm | null = null;
  #shownState = "";

  constructor(
    readonly view: View,
    readonly onChanged: () => void,
  ) {}

  show(alarm: Alarm): void {
    this.#alarm = alarm;
    this.updateAge();
    // Rebuild only on a change: a refresh must not clear a note that is being typed.
    const state = JSON.stringify([alarm.acknowledged_ms, alarm.snoozed_until_ms, alarm.value, alarm.severity, alarm.note]);
    if (state === this.#shownState) return;
    this.#shownState = state;
    this.element.dataset["severity"] = alarm.severity;
    this.element.dataset["alarm"] = alarm.id;
    const acknowledged =
      alarm.acknowledged_ms === null
        ? null
        : make(
            "p",
            {},
            translate("alarms_acknowledged_by", { by: authorText(alarm.acknowledged_by ?? ""), when: dateTimeText(alarm.acknowledged_ms) }),
            alarm.note ? ` – ${alarm.note}` : "",
          );
    const snoozed = isSnoozed(alarm)
      ? make("p", { class: "note" }, translate("alarms_snoozed", { until: dateTimeText(alarm.snoozed_until_ms as number) }))
      : null;
    const advice = localText(alarm);
    this.element.replaceChildren(
      make(
        "header",
        {},
        severityBadge(alarm.severity),
        make("h3", {}, ruleTitle(alarm.rule)),
        this.#age,
        alarm.simulated ? simulatedBadge() : "",
      ),
      make("p", {}, translate("name_and_text", { name: subjectName(this.view, alarm), text: alarmValueText(alarm) })),
      ...[
        advice ? make("p", {}, advice) : null,
        make("p", { class: "note" }, translate("alarms_since", { began: dateTimeText(alarm.began_ms) })),
        acknowledged,
        snoozed,
      ].filter((part) => part !== null),
      ...(currentSession()?.scope === "read" ? [] : [this.#form(alarm)]),
      this.#progress.element,
    );
  }

  updateAge(): void {
    if (this.#alarm) setText(this.#age, ageText(nowMs() - this.#alarm.raised_ms));
  }

  #form(alarm: Alarm): HTMLElement {
    const note = make("input", { id: `note-${alarm.id}`, maxlength: 500, value: alarm.note });
    const hours = make(
      "select",
      { id: `snooze-${alarm.id}` },
      ...SNOOZE_HOURS.map((count) => make("option", { value: count }, translate("alarms_hours", { hours: count }))),
    );
    const snooze = (untilMs: number | null): void => void this.#post(`/v1/alarms/${alarm.id}/snooze`, { until_ms: untilMs });
    const form = make(
      "form",
      { class: "buttons" },
      labelled(note, translate("alarms_note")),
      make("button", { type: "submit", class: "primary" }, translate(alarm.acknowledged_ms === null ? "acknowledge" : "alarms_save_note")),
      labelled(hours, translate("alarms_snooze_for")),
      make(
        "button",
        { type: "button", class: "secondary", onclick: () => snooze(Math.round(nowMs() + Number(hours.value) * HOUR_MS)) },
        translate("alarms_snooze"),
      ),
      isSnoozed(alarm)
        ? make("button", { type: "button", class: "secondary", onclick: () => snooze(null) }, translate("alarms_unsnooze"))
        : null,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#post(`/v1/alarms/${alarm.id}/acknowledge`, { note: note.value.trim() });
    });
    return form;
  }

  async #post(path: string, body: unknown): Promise<void> {
    if ((await this.#progress.run(() => request(path, { method: "POST", body }))) !== null) this.onChanged();
  }
}

class RuleCard {
  readonly element: HTMLElement;
  readonly #progress = new Progress();
  readonly #result = make("div", { role: "status" });

  constructor(
    readonly view: View,
    readonly rule: Rule,
  ) {
    const text = localText(rule);
    const days = make(
      "select",
      { id: `days-${rule.id}` },
      ...TEST_DAYS.map((count) => make("option", { value: count, selected: count === 7 }, translate("alarms_days", { days: count }))),
    );
    const source = englishOnly(rule.source);
    this.element = make(
      "article",
      { class: "card", "data-rule": rule.name },
      make(
        "header",
        {},
        severityBadge(rule.severity),
        make("h3", {}, ruleTitle(rule.name)),
        rule.enabled ? "" : make("span", { class: "state off" }, translate("disabled")),
      ),
      text ? make("p", {}, text) : null,
      make(
        "p",
        { class: "note" },
        translate("alarms_rule_scope", { scope: ruleScope(rule) }),
        rule.for_s > 0 ? translate("alarms_rule_hold", { duration: durationText(rule.for_s) }) : translate("alarms_rule_at_once"),
      ),
      make(
        "details",
        { class: "how" },
        make("summary", {}, translate("alarms_conditions")),
        make("ul", {}, ...ruleConditionLines(rule.any_of).map((line) => make("li", {}, line))),
        source ? make("p", {}, source) : null,
      ),
      make(
        "div",
        { class: "buttons" },
        labelled(days, translate("alarms_test_period")),
        make(
          "button",
          { type: "button", class: "secondary", onclick: () => void this.#test(Number(days.value)) },
          translate("alarms_test"),
        ),
      ),
      this.#progress.element,
      this.#result,
    );
  }

  async #test(days: number): Promise<void> {
    const end = Math.floor(nowMs());
    const query = { start: end - days * DAY_MS, end };
    const result = await this.#progress.run(() =>
      request<RuleTest>(`/v1/alarm-rules/${this.rule.id}/replay`, {
        method: "POST",
        query,
        signal: this.view.signal,
        timeoutMs: TEST_TIMEOUT_MS,
      }),
    );
    if (result === null) return;
    const withoutData = result.devices.filter((device) => device.reason !== null).length;
    const rows = result.devices.flatMap((device) =>
      device.alarms.map((alarm) =>
        make(
          "tr",
          {},
          make("td", {}, dateTimeText(alarm.raised_ms)),
          make("td", {}, severityBadge(alarm.severity)),
          make("th", { scope: "row" }, device.name || this.view.farm.nameOf(device.device)),
          make("td", {}, alarmValueText(alarm)),
          make("td", {}, alarm.ended_ms === null ? translate("alarms_still_active") : dateTimeText(alarm.ended_ms)),
        ),
      ),
    );
    const heads = [
      translate("alarms_raised"),
      translate("alarms_severity"),
      translate("alarms_subject"),
      translate("value"),
      translate("alarms_ended"),
    ];
    this.#result.replaceChildren(
      make("p", {}, translate("alarms_test_result", { count: result.alarms, devices: result.devices.length - withoutData })),
      withoutData > 0 ? make("p", { class: "note" }, translate("alarms_test_no_data", { devices: withoutData })) : "",
      rows.length === 0 ? "" : scrollTable(translate("alarms_test"), heads, rows),
    );
  }
}

function isSnoozed(alarm: Alarm): boolean {
  return alarm.snoozed_until_ms !== null && alarm.snoozed_until_ms > nowMs();
}

function ruleScope(rule: Rule): string {
  return (
    [rule.device, rule.kind === null ? null : term("device_kinds", rule.kind), rule.site].filter(Boolean).join(", ") ||
    translate("alarms_all_subjects")
  );
}

function subjectName(view: View, alarm: Alarm): string {
  return alarm.name || view.farm.nameOf(alarm.subject);
}
