// Growers' notes of a greenhouse: numbered on the charts, listed and edited here.

import { nowMs } from "../api/clock";
import { request } from "../api/request";
import { currentSession } from "../api/session";
import { make } from "../components/dom";
import { labelled } from "../components/parts";
import { Progress } from "../components/progress";
import { dateTimeText } from "../i18n/instants";
import { authorText, translate } from "../i18n/translate";
import type { GreenhouseItem, Overview } from "./records";

const MINUTE_MS = 60_000;

export class NotesPanel {
  readonly element = make("section", { class: "card", "data-panel": "notes" });
  readonly #list = make("ol", { class: "note-list" });
  readonly #text = make("textarea", { id: "note-text", maxlength: 2000, rows: 2, required: true });
  readonly #author = make("input", { id: "note-author", maxlength: 200, autocomplete: "name" });
  readonly #before = make("input", { id: "note-before", type: "number", min: 0, max: 44_640, step: 1, value: 0, inputmode: "numeric" });
  readonly #progress = new Progress();
  #greenhouse: GreenhouseItem | null = null;

  constructor(readonly onChanged: () => void) {
    const form = make("form", { class: "stack" },
      labelled(this.#text, translate("greenhouse_note_text")),
      make("div", { class: "choices-row" }, labelled(this.#before, translate("greenhouse_note_before")), labelled(this.#author, translate("greenhouse_note_author")),
        make("button", { type: "submit", class: "primary" }, translate("greenhouse_note_add"))),
      this.#progress.element);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#add();
    });
    this.element.append(make("h2", {}, translate("greenhouse_notes")), this.#list, form, make("p", { class: "note not-registered", hidden: true }, translate("greenhouse_notes_registry")));
  }

  show(greenhouse: GreenhouseItem, overview: Overview): void {
    this.#greenhouse = greenhouse;
    const editable = greenhouse.registered && currentSession()?.scope !== "read";
    this.element.querySelector("form")?.toggleAttribute("hidden", !editable);
    this.element.querySelector(".not-registered")?.toggleAttribute("hidden", greenhouse.registered);
    this.#list.replaceChildren(...overview.grower_notes.map((note) => make("li", { "data-note": note.id },
      make("span", { class: "age" }, [dateTimeText(note.time_ms), authorText(note.author)].filter(Boolean).join(" · ")), " ", note.text, " ",
      editable ? make("button", { type: "button", class: "plain", "aria-label": translate("greenhouse_note_delete_label", { text: note.text }), onclick: () => void this.#delete(note.id) }, translate("greenhouse_note_delete")) : null)));
    if (overview.grower_notes.length === 0) this.#list.replaceChildren(make("li", { class: "note none" }, translate("greenhouse_no_notes")));
  }

  async #add(): Promise<void> {
    const text = this.#text.value.trim();
    if (text === "" || this.#greenhouse === null) return;
    const body = { greenhouse: this.#greenhouse.id, time_ms: Math.round(nowMs() - Number(this.#before.value || 0) * MINUTE_MS), author: this.#author.value.trim(), text };
    const created = await this.#progress.run(() => request("/v1/notes", { method: "POST", body }), translate("done"));
    if (created === null) return;
    this.#text.value = "";
    this.onChanged();
  }

  async #delete(id: string): Promise<void> {
    const deleted = await this.#progress.run(async () => {
      await request(`/v1/notes/${id}`, { method: "DELETE", headers: { "If-Match": "*" } });
      return true;
    });
    if (deleted) this.onChanged();
  }
}
