// Growers' notes of a house: on the chart by number, here in words, and to be added.

import { nowMs } from "../api/clock";
import { ask } from "../api/request";
import { currentSession } from "../api/session";
import { make } from "../components/dom";
import { Progress } from "../components/progress";
import { dateTimeText } from "../i18n/instants";
import { word } from "../i18n/translate";
import type { HouseItem, Overview } from "./records";

const MINUTE_MS = 60_000;

export class NotesPanel {
  readonly element = make("section", { class: "card", "data-panel": "notes" });
  readonly #list = make("ol", { class: "note-list" });
  readonly #text = make("textarea", { id: "note-text", maxlength: 2000, rows: 2, required: true });
  readonly #author = make("input", { id: "note-author", maxlength: 200, autocomplete: "name" });
  readonly #before = make("input", { id: "note-before", type: "number", min: 0, max: 44_640, step: 1, value: 0, inputmode: "numeric" });
  readonly #progress = new Progress();
  #house: HouseItem | null = null;

  constructor(readonly onChanged: () => void) {
    const field = (control: HTMLElement, text: string): HTMLElement => make("div", { class: "labelled" }, make("label", { for: control.id }, text), control);
    const form = make("form", { class: "stack" },
      field(this.#text, word("greenhouse_note_text")),
      make("div", { class: "choices-row" }, field(this.#before, word("greenhouse_note_before")), field(this.#author, word("greenhouse_note_author")),
        make("button", { type: "submit", class: "primary" }, word("greenhouse_note_add"))),
      this.#progress.element);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#add();
    });
    this.element.append(make("h2", {}, word("greenhouse_notes")), this.#list, form, make("p", { class: "note no-house", hidden: true }, word("greenhouse_notes_registry")));
  }

  show(house: HouseItem, overview: Overview): void {
    this.#house = house;
    const may = house.registered && currentSession()?.scope !== "read";
    this.element.querySelector("form")?.toggleAttribute("hidden", !may);
    this.element.querySelector(".no-house")?.toggleAttribute("hidden", house.registered);
    this.#list.replaceChildren(...overview.grower_notes.map((note) => make("li", { "data-note": note.id },
      make("span", { class: "age" }, [dateTimeText(note.time_ms), note.author].filter(Boolean).join(" · ")), " ", note.text, " ",
      may ? make("button", { type: "button", class: "plain", "aria-label": word("greenhouse_note_delete", { text: note.text }), onclick: () => void this.#drop(note.id) }, word("greenhouse_note_drop")) : null)));
    if (overview.grower_notes.length === 0) this.#list.replaceChildren(make("li", { class: "note none" }, word("greenhouse_no_notes")));
  }

  async #add(): Promise<void> {
    const text = this.#text.value.trim();
    if (text === "" || this.#house === null) return;
    const body = { greenhouse: this.#house.id, time_ms: Math.round(nowMs() - Number(this.#before.value || 0) * MINUTE_MS), author: this.#author.value.trim(), text };
    const made = await this.#progress.run(() => ask("/v1/notes", { method: "POST", body }), word("done"));
    if (made === null) return;
    this.#text.value = "";
    this.onChanged();
  }

  async #drop(id: string): Promise<void> {
    const dropped = await this.#progress.run(async () => {
      await ask(`/v1/notes/${id}`, { method: "DELETE", headers: { "If-Match": "*" } });
      return true;
    });
    if (dropped) this.onChanged();
  }
}
