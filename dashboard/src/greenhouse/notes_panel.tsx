// Growers' notes of a greenhouse: numbered on the charts, listed and edited here.

import "../i18n/greenhouse";
import { signal, type Signal } from "@preact/signals";
import type { JSX } from "preact";
import { may } from "../api/may";
import { useApiList } from "../api/query";
import { mountInto } from "../app/mount";
import type { View } from "../app/view";
import "../i18n/notes";
import { translate } from "../i18n/translate";
import { NoteForm } from "../notes/note_form";
import { NoteList } from "../notes/note_list";
import type { GreenhouseItem, GrowerNote, Overview } from "./records";

interface Shown {
  greenhouse: GreenhouseItem;
  /** Those of the period, as they are numbered on the charts; null before the overview is there. */
  notes: readonly GrowerNote[] | null;
}

interface NotesProps extends Shown {
  onChanged: () => void;
}

export class NotesPanel {
  readonly element = document.createElement("section");
  readonly #shown: Signal<Shown>;

  constructor(view: View, greenhouse: GreenhouseItem, onChanged: () => void) {
    this.element.className = "card";
    this.element.dataset["panel"] = "notes";
    // At once: without a network there is no overview, and a note is entered all the same.
    this.#shown = signal<Shown>({ greenhouse, notes: null });
    mountInto(this.element, view, () => <Notes {...this.#shown.value} onChanged={onChanged} />);
  }

  show(greenhouse: GreenhouseItem, overview: Overview): void {
    this.#shown.value = { greenhouse, notes: overview.grower_notes };
  }
}

function Notes({ greenhouse, notes, onChanged }: NotesProps): JSX.Element {
  const editable = greenhouse.registered && may("post", "/v1/notes");
  const query = { greenhouse: greenhouse.id };
  const zones = useApiList("/v1/greenhouse-zones", { query }, { enabled: greenhouse.registered }).data ?? [];
  const stored = useApiList("/v1/notes", { query }, { enabled: greenhouse.registered && notes === null }).data ?? [];
  const shown = notes ?? [...stored].sort((a, b) => a.time_ms - b.time_ms);
  const choices = [
    { text: translate("notes_of_house"), subject: { greenhouse: greenhouse.id } },
    ...(zones.length > 1 ? zones.map(({ id, name }) => ({ text: name, subject: { zone: id } })) : []),
  ];
  return (
    <>
      <h2>{translate("greenhouse_notes")}</h2>
      <NoteList notes={shown} subjects={choices.map(({ subject }) => subject)} editable={editable} onChanged={onChanged} />
      {editable ? <NoteForm choices={choices} onAdded={onChanged} /> : null}
      {greenhouse.registered ? null : <p class="note">{translate("greenhouse_notes_registry")}</p>}
    </>
  );
}
