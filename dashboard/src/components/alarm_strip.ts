// The alarms that stand: how bad, what, where, since when; and a button for whoever takes care of one.

import { nowMs } from "../api/clock";
import type { Farm } from "../api/farm_state";
import { ask, askAll } from "../api/request";
import { ageText } from "../i18n/instants";
import { withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { channelName, word, wordOf } from "../i18n/translate";
import { arrange, make, setText } from "./dom";
import { Progress } from "./progress";

export interface StandingAlarm {
  id: string;
  rule: string;
  subject: string;
  severity: string;
  began_ms: number;
  raised_ms: number;
  acknowledged_ms: number | null;
  what: string;
  value: number | null;
  unit: string;
  text: string;
  text_zh: string;
  simulated: boolean;
}

const RANK: Record<string, number> = { critical: 0, warning: 1, info: 2 };
const MOST_SHOWN = 8;

export class AlarmStrip {
  readonly element: HTMLElement;
  readonly #farm: Farm;
  readonly #list = make("ul", { class: "alarm-list" });
  readonly #more = make("p", { class: "note" });
  readonly #rows = new Map<string, { element: HTMLElement; badge: HTMLElement; age: HTMLElement; button: HTMLElement; alarm: StandingAlarm }>();
  #all = 0;

  constructor(farm: Farm) {
    this.#farm = farm;
    this.element = make("section", { class: "alarms", "aria-live": "polite", hidden: true }, make("h2", {}, word("page_alarms")), this.#list, this.#more);
  }

  async look(signal: AbortSignal): Promise<void> {
    const alarms = await askAll<StandingAlarm>("/v1/alarms", { signal, query: { state: "active", limit: 500 } });
    alarms.sort((a, b) => (RANK[a.severity] ?? 9) - (RANK[b.severity] ?? 9) || b.raised_ms - a.raised_ms);
    this.#all = alarms.length;
    const shown = alarms.slice(0, MOST_SHOWN);
    const kept = new Set(shown.map((alarm) => alarm.id));
    for (const id of [...this.#rows.keys()]) if (!kept.has(id)) this.#rows.delete(id);
    arrange(this.#list, shown.map((alarm) => this.#row(alarm, signal)));
    this.draw();
  }

  draw(): void {
    this.element.hidden = this.#all === 0;
    this.#more.hidden = this.#all <= MOST_SHOWN;
    setText(this.#more, word("farm_alarms_more", { n: this.#all - MOST_SHOWN }));
    for (const { alarm, age } of this.#rows.values()) {
      const since = word("farm_alarm_since", { age: ageText(nowMs() - alarm.began_ms) });
      setText(age, alarm.acknowledged_ms === null ? since : `${since} · ${word("farm_alarm_taken")}`);
    }
  }

  #row(alarm: StandingAlarm, signal: AbortSignal): HTMLElement {
    let row = this.#rows.get(alarm.id);
    if (!row) {
      const progress = new Progress();
      const badge = make("span", { class: "badge" }, wordOf("farm_severity", alarm.severity, alarm.severity));
      const age = make("span", { class: "age" });
      const take = (): void => void progress.run(async () => {
        await ask(`/v1/alarms/${alarm.id}/acknowledge`, { method: "POST" });
        await this.look(signal);
      });
      const button = make("button", { type: "button", class: "secondary", onclick: take }, word("farm_alarm_take"));
      const value = alarm.value === null ? "" : `${channelName(alarm.what)} ${withUnit(alarm.value, alarm.unit)}`;
      const text = currentLanguage() === "en" ? alarm.text : alarm.text_zh || alarm.text;
      const name = this.#farm.nameOf(alarm.subject);
      const where = [name === alarm.subject ? name : `${name} (${alarm.subject})`, alarm.simulated ? word("simulated") : ""].filter(Boolean).join(" · ");
      row = {
        alarm, badge, age, button,
        element: make("li", { class: "alarm", "data-alarm": alarm.rule, "data-severity": alarm.severity },
          badge, make("span", { class: "alarm-text" }, make("strong", {}, alarm.rule), " ", where, make("span", { class: "about" }, [text, value].filter(Boolean).join(" · "))),
          age, button, progress.element),
      };
      this.#rows.set(alarm.id, row);
    }
    row.alarm = alarm;
    row.button.hidden = alarm.acknowledged_ms !== null;
    return row.element;
  }
}
