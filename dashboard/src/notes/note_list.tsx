// Notes as a list: when, who, what, their photos, and those that wait on this device.

import "./notes.css";
import "../i18n/notes";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { waiting, type QueueEntry } from "../api/queue";
import { useWrite } from "../api/write";
import { hrefOfThing } from "../app/address";
import { dateTimeText } from "../i18n/instants";
import { authorText, translate } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { Preview } from "./photo_input";
import type { ShownNote, Subject } from "./records";

interface NoteListProps {
  notes: readonly ShownNote[];
  /** What the list is about: notes about it that wait on this device are listed, too. */
  subjects: readonly Subject[];
  editable: boolean;
  /** What a note is about, where the list has notes about several things. */
  about?: (note: ShownNote) => string;
  /** A note was deleted, or one that waited was sent: ask for the list again. */
  onChanged?: () => void;
}

export function NoteList({ notes, subjects, editable, about, onChanged }: NoteListProps): JSX.Element {
  const kept = waiting.value.filter((entry) => isAbout(entry, subjects));
  const count = useRef(kept.length);
  useEffect(() => {
    if (kept.length < count.current) onChanged?.();
    count.current = kept.length;
  }, [kept.length, onChanged]);
  if (notes.length + kept.length === 0) return <p class="note">{translate("notes_none")}</p>;
  return (
    <ol class="note-list">
      {notes.map((note) => (
        <li key={note.id} data-note={note.id}>
          <span class="age">{[dateTimeText(note.time_ms), authorText(note.author), about?.(note)].filter(Boolean).join(" · ")}</span>{" "}
          {note.text} {typeof note.longitude_deg === "number" ? <OnMap note={note} /> : null}
          {editable ? <DeleteNote note={note} onDeleted={onChanged} /> : null}
          <Photos note={note} />
        </li>
      ))}
      {kept.map((entry) => (
        <li key={entry.key} data-note="waiting">
          <span class="age">{translate("notes_waits")}</span> {(entry.body as { text: string }).text}
          {entry.photos?.length ? (
            <ul class="note-photos">
              {entry.photos.map((photo, index) => (
                <li key={index}>
                  <Preview photo={photo} number={index + 1} />
                </li>
              ))}
            </ul>
          ) : null}
        </li>
      ))}
    </ol>
  );
}

function isAbout(entry: QueueEntry, subjects: readonly Subject[]): boolean {
  if (entry.path !== "/v1/notes" || entry.method !== "POST") return false;
  const body = entry.body as Record<string, unknown>;
  return subjects.some((subject) => Object.entries(subject).every(([name, id]) => body[name] === id));
}

function OnMap({ note }: { note: ShownNote }): JSX.Element {
  return <a href={hrefOfThing({ kind: "note", id: note.id })}>{translate("notes_map")}</a>;
}

function Photos({ note }: { note: ShownNote }): JSX.Element | null {
  if (!note.photos?.length) return null;
  return (
    <ul class="note-photos">
      {note.photos.map((photo, index) => (
        <li key={photo}>
          <a href={`/v1/photos/${photo}`} target="_blank" rel="noreferrer" aria-label={translate("notes_photo_open", { n: index + 1 })}>
            <img src={`/v1/photos/${photo}`} alt={translate("notes_photo", { n: index + 1, text: note.text })} loading="lazy" />
          </a>
        </li>
      ))}
    </ul>
  );
}

function DeleteNote({ note, onDeleted }: { note: ShownNote; onDeleted: (() => void) | undefined }): JSX.Element {
  const remove = useWrite("delete", "/v1/notes/{thing}", { refresh: ["/v1/notes"] });
  const run = async (): Promise<void> => {
    if ((await remove.run({ params: { path: { thing: note.id } }, version: "*" })) !== null) onDeleted?.();
  };
  return (
    <>
      <button
        type="button"
        class="plain"
        disabled={remove.saving}
        aria-label={translate("notes_delete_label", { text: note.text })}
        onClick={() => void run()}
      >
        {translate("notes_delete")}
      </button>
      <ErrorText error={remove.error} inline />
    </>
  );
}
