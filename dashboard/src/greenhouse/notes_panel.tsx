// Growers' notes of a greenhouse: numbered on the charts, listed and edited here.

import "../i18n/greenhouse";
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { nowMs } from "../api/clock";
import { useKeptWrite, useWrite } from "../api/write";
import { mayWrite, mountInto } from "../app/mount";
import type { View } from "../app/view";
import { make } from "../components/dom";
import { dateTimeText } from "../i18n/instants";
import { authorText, translate } from "../i18n/translate";
import { NumberField, TextArea, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { showToast } from "../ui/overlays";
import type { GreenhouseItem, GrowerNote, Overview } from "./records";

const MINUTE_MS = 60_000;

interface Shown {
  greenhouse: GreenhouseItem;
  notes: readonly GrowerNote[];
}

interface NotesProps extends Shown {
  onChanged: () => void;
}

export class NotesPanel {
  readonly element = make("section", { class: "card", "data-panel": "notes" });
  readonly #shown = signal<Shown | null>(null);

  constructor(view: View, onChanged: () => void) {
    mountInto(this.element, view, () => (this.#shown.value === null ? null : <Notes {...this.#shown.value} onChanged={onChanged} />));
  }

  show(greenhouse: GreenhouseItem, overview: Overview): void {
    this.#shown.value = { greenhouse, notes: overview.grower_notes };
  }
}

function Notes({ greenhouse, notes, onChanged }: NotesProps): JSX.Element {
  const editable = greenhouse.registered && mayWrite();
  return (
    <>
      <h2>{translate("greenhouse_notes")}</h2>
      {notes.length === 0 ? (
        <p class="note">{translate("greenhouse_no_notes")}</p>
      ) : (
        <ol class="note-list">
          {notes.map((note) => (
            <li key={note.id} data-note={note.id}>
              <span class="age">{[dateTimeText(note.time_ms), authorText(note.author)].filter(Boolean).join(" · ")}</span> {note.text}{" "}
              {editable ? <DeleteNote note={note} onDeleted={onChanged} /> : null}
            </li>
          ))}
        </ol>
      )}
      {editable ? <AddNote greenhouse={greenhouse.id} onAdded={onChanged} /> : null}
      {greenhouse.registered ? null : <p class="note">{translate("greenhouse_notes_registry")}</p>}
    </>
  );
}

// --8<-- [start:form]
function AddNote({ greenhouse, onAdded }: { greenhouse: string; onAdded: () => void }): JSX.Element {
  const add = useKeptWrite("post", "/v1/notes", ({ body }) => translate("kept_note", { text: body?.text ?? "" }), {
    refresh: ["/v1/notes"],
  });
  const submit = async (values: FormValues): Promise<boolean> => {
    const timeMs = Math.round(nowMs() - (values.number("before") ?? 0) * MINUTE_MS);
    const added = await add.run({ body: { greenhouse, time_ms: timeMs, author: values.text("author"), text: values.text("text") } });
    if (added === null) return false;
    showToast(translate(added === "kept" ? "kept" : "saved"));
    onAdded();
    return true;
  };
  return (
    <Form submit={translate("greenhouse_note_add")} write={add} onSubmit={submit}>
      <TextArea name="text" label={translate("greenhouse_note_text")} required maxLength={2000} />
      <div class="choices-row">
        <NumberField name="before" label={translate("greenhouse_note_before")} value={0} min={0} max={44_640} />
        <TextField name="author" label={translate("greenhouse_note_author")} required maxLength={200} autocomplete="name" />
      </div>
    </Form>
  );
}
// --8<-- [end:form]

function DeleteNote({ note, onDeleted }: { note: GrowerNote; onDeleted: () => void }): JSX.Element {
  const remove = useWrite("delete", "/v1/notes/{thing}", { refresh: ["/v1/notes"] });
  const run = async (): Promise<void> => {
    if ((await remove.run({ params: { path: { thing: note.id } }, version: "*" })) !== null) onDeleted();
  };
  return (
    <>
      <button
        type="button"
        class="plain"
        disabled={remove.saving}
        aria-label={translate("greenhouse_note_delete_label", { text: note.text })}
        onClick={() => void run()}
      >
        {translate("greenhouse_note_delete")}
      </button>
      {remove.error ? (
        <span class="error" role="alert">
          {remove.error}
        </span>
      ) : null}
    </>
  );
}
