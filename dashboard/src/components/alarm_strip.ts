// Active alarms on the farm page: severity, rule, subject, age, and a button to acknowledge.

import "../i18n/alarms";
import "../i18n/farm";
import { nowMs } from "../api/clock";
import type { FarmState } from "../api/farm_state";
import { may } from "../api/may";
import { reload } from "../api/query";
import { sendOrKeep } from "../api/queue";
import { ageText } from "../i18n/instants";
import { term, translate } from "../i18n/translate";
import { alarmValueText, localText, ruleTitle, SEVERITIES, type Alarm } from "./alarm_text";
import { make, setChildren, setText } from "./dom";
import { Progress } from "./progress";

const MAX_SHOWN = 8;

interface AlarmRow {
  alarm: Alarm;
  element: HTMLElement;
  age: HTMLElement;
  button: HTMLElement;
}

export class AlarmStrip {
  readonly element: HTMLElement;
  readonly #farm: FarmState;
  readonly #list = make("ul", { class: "alarm-list" });
  readonly #more = make("p", { class: "note" });
  readonly #rows = new Map<string, AlarmRow>();
  #count = 0;

  constructor(farm: FarmState) {
    this.#farm = farm;
    this.element = make(
      "section",
      { class: "alarms", "aria-live": "polite", hidden: true },
      make("h2", {}, translate("alarms_active")),
      this.#list,
      this.#more,
    );
  }

  /** Display these active alarms. */
  show(active: readonly Alarm[]): void {
    const alarms = [...active];
    alarms.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.raised_ms - a.raised_ms);
    this.#count = alarms.length;
    const shown = alarms.slice(0, MAX_SHOWN);
    const ids = new Set(shown.map((alarm) => alarm.id));
    for (const id of [...this.#rows.keys()]) if (!ids.has(id)) this.#rows.delete(id);
    setChildren(
      this.#list,
      shown.map((alarm) => this.#row(alarm).element),
    );
    this.draw();
  }

  draw(): void {
    this.element.hidden = this.#count === 0;
    this.#more.hidden = this.#count <= MAX_SHOWN;
    setText(this.#more, translate("farm_alarms_more", { n: this.#count - MAX_SHOWN }));
    for (const { alarm, age } of this.#rows.values()) {
      const began = translate("farm_alarm_began", { age: ageText(nowMs() - alarm.began_ms) });
      setText(age, alarm.acknowledged_ms === null ? began : `${began} · ${translate("acknowledged")}`);
    }
  }

  #row(alarm: Alarm): AlarmRow {
    const row = this.#rows.get(alarm.id) ?? this.#build(alarm);
    this.#rows.set(alarm.id, row);
    row.alarm = alarm;
    row.button.hidden = alarm.acknowledged_ms !== null || !may("post", "/v1/alarms/{alarm}/acknowledge");
    return row;
  }

  #build(alarm: Alarm): AlarmRow {
    const progress = new Progress();
    const age = make("span", { class: "age" });
    const acknowledge = (): void =>
      void progress.run(async () => {
        const title = translate("kept_acknowledge", { name: ruleTitle(alarm.rule) });
        const path = `/v1/alarms/${alarm.id}/acknowledge`;
        const sent = await sendOrKeep({ method: "POST", path, title, body: { only_first: true } });
        if (sent === "kept") button.hidden = true;
        else await reload("/v1/alarms");
      });
    const button = make("button", { type: "button", class: "secondary", onclick: acknowledge }, translate("acknowledge"));
    const name = alarm.name || this.#farm.nameOf(alarm.subject);
    const subject = [name, alarm.simulated ? translate("simulated") : ""].filter(Boolean).join(" · ");
    const details = [localText(alarm), alarmValueText(alarm)].filter(Boolean).join(" · ");
    const element = make(
      "li",
      { class: "alarm", "data-alarm": alarm.rule, "data-severity": alarm.severity },
      make("span", { class: "badge" }, term("severities", alarm.severity)),
      make(
        "span",
        { class: "alarm-text" },
        make("strong", {}, ruleTitle(alarm.rule)),
        " ",
        subject,
        make("span", { class: "about" }, details),
      ),
      age,
      button,
      progress.element,
    );
    return { alarm, element, age, button };
  }
}
