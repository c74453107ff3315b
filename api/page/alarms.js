// The alarms that stand: how bad, what, where, since when; and a button for whoever takes care of one.

import { make, setText } from "/page/dom.js";
import { ageText, channelName, currentLanguage, withUnit, word } from "/page/words.js";

const RANK = { critical: 0, warning: 1, info: 2 };
const MOST_SHOWN = 20;

export class AlarmSection {
  #rows = new Map();
  #list = make("ul");
  #more = make("p", { class: "more" });

  constructor(element, farm, onAcknowledge) {
    this.element = element;
    this.farm = farm;
    this.onAcknowledge = onAcknowledge;
    this.clear();
  }

  // Words change with the language: rows are made anew.
  clear() {
    this.#rows.clear();
    this.#list.replaceChildren();
    this.element.replaceChildren(make("h2", {}, word("alarms")), this.#list, this.#more);
  }

  update() {
    const alarms = [...this.farm.alarms].sort((a, b) => RANK[a.severity] - RANK[b.severity] || b.raised_ms - a.raised_ms);
    const shown = alarms.slice(0, MOST_SHOWN);
    this.element.hidden = alarms.length === 0;
    const rows = shown.map((alarm) => this.#row(alarm));
    if (rows.length !== this.#list.children.length || rows.some((row, index) => this.#list.children[index] !== row)) this.#list.replaceChildren(...rows);
    const kept = new Set(shown.map((alarm) => alarm.id));
    for (const id of [...this.#rows.keys()]) if (!kept.has(id)) this.#rows.delete(id);
    this.#more.hidden = alarms.length <= MOST_SHOWN;
    setText(this.#more, word("moreAlarms", { n: alarms.length - MOST_SHOWN }));
  }

  #row(alarm) {
    let row = this.#rows.get(alarm.id);
    if (row === undefined) {
      row = make(
        "li",
        { "data-alarm": alarm.rule, class: "alarm" },
        make("span", { class: "badge" }),
        make("span", { class: "alarm-text" }, make("strong", {}, alarm.rule), " ", make("span", { class: "alarm-where" }, nameOf(this.farm, alarm)), make("span", { class: "about" }, aboutOf(alarm))),
        make("span", { class: "age" }),
        make("button", { type: "button" }, word("acknowledge")),
      );
      row.querySelector("button").addEventListener("click", () => this.onAcknowledge(alarm.id));
      this.#rows.set(alarm.id, row);
    }
    row.dataset.severity = alarm.severity;
    setText(row.querySelector(".badge"), word(`severity_${alarm.severity}`));
    const since = word("since", { age: ageText(this.farm.now() - alarm.began_ms) });
    setText(row.querySelector(".age"), alarm.acknowledged_ms === null ? since : `${since} · ${word("acknowledged")}`);
    row.querySelector("button").hidden = alarm.acknowledged_ms !== null;
    return row;
  }
}

function nameOf(farm, alarm) {
  const device = farm.devices.get(alarm.subject)?.name;
  const place = device && device !== alarm.subject ? `${device} (${alarm.subject})` : alarm.subject;
  return alarm.simulated ? `${place} · ${word("simulated")}` : place;
}

function aboutOf(alarm) {
  const text = currentLanguage() === "zh-CN" ? alarm.text_zh || alarm.text : alarm.text;
  const value = alarm.value === null ? "" : `${channelName(alarm.what)} ${withUnit(alarm.value, alarm.unit)}`;
  return [text, value].filter(Boolean).join(" · ");
}
