// Notes with a position on the farm's map: a mark each, which leads to what the note is about.

import "../notes/notes.css";
import "../i18n/notes";
import { requestAll } from "../api/request";
import { hrefOfThing } from "../app/address";
import type { View } from "../app/view";
import { elementOf } from "../components/element_of";
import type { MapView } from "../components/map";
import { dateTimeText } from "../i18n/instants";
import { translate } from "../i18n/translate";
import type { Note } from "../notes/records";

const MAX_SHOWN = 100;
const CLOSE_ZOOM = 17;

/** Mark the newest notes; the one in the address is in the middle of the map. */
export async function drawNotes(view: View, map: MapView): Promise<void> {
  const all = await requestAll<Note>("/v1/notes", { signal: view.signal, query: { limit: 1000 } });
  const placed = all.filter(({ longitude_deg }) => longitude_deg !== null).sort((a, b) => b.time_ms - a.time_ms);
  const means = { colour: map.colour("--amber"), text: translate("notes_key") };
  const chosen = view.route.query.get("note");
  for (const note of placed.filter(({ id }, place) => place < MAX_SHOWN || id === chosen))
    map.setMarker(`note-${note.id}`, markOf(note), means, [note.longitude_deg ?? 0, note.latitude_deg ?? 0], "bottom");
  const found = placed.find(({ id }) => id === chosen);
  if (found) map.map?.jumpTo({ center: [found.longitude_deg ?? 0, found.latitude_deg ?? 0], zoom: CLOSE_ZOOM });
}

function markOf(note: Note): HTMLElement {
  const text = translate("name_and_text", { name: `${translate("notes_key")} ${dateTimeText(note.time_ms)}`, text: note.text });
  return elementOf(
    <a class="mark note-mark" href={hrefOfSubject(note)} title={text} data-note-mark={note.id}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d="M4 3h16v12h-6l-4 6v-6H4Z" />
      </svg>
      <span class="hidden">{text}</span>
    </a>,
  );
}

function hrefOfSubject(note: Note): string {
  if (note.field) return hrefOfThing({ kind: "field", id: note.field, tab: "notes" });
  if (note.greenhouse) return hrefOfThing({ kind: "greenhouse", id: note.greenhouse });
  return hrefOfThing({ kind: "note", id: note.id });
}
