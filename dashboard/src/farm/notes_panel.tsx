// Newest notes of the whole farm, and the form to add one about a site, a field or a greenhouse.

import "../i18n/notes";
import type { JSX } from "preact";
import { may } from "../api/may";
import { useApiList } from "../api/query";

import { translate } from "../i18n/translate";
import { NoteForm } from "../notes/note_form";
import { NoteList } from "../notes/note_list";
import { inUse } from "../api/registry";
import type { Note } from "../notes/records";
import { Loaded } from "../ui/loaded";

const MAX_SHOWN = 30;

export function FarmNotes(): JSX.Element {
  const notes = useApiList("/v1/notes", {});
  const sites = useApiList("/v1/sites", {}).data ?? [];
  const fields = useApiList("/v1/fields", {}).data ?? [];
  const houses = useApiList("/v1/greenhouses", {}).data ?? [];
  const choices = [
    ...inUse(sites).map(({ id, name }) => ({ text: name, subject: { site: id } })),
    ...fields.map(({ id, name }) => ({ text: name, subject: { field: id } })),
    ...inUse(houses).map(({ id, name }) => ({ text: name, subject: { greenhouse: id } })),
  ];
  const names = new Map([...sites, ...fields, ...houses].map(({ id, name }) => [id, name]));
  const about = ({ site, field, greenhouse, alarm }: Partial<Note>): string =>
    alarm ? translate("notes_of_alarm") : (names.get(site ?? field ?? greenhouse ?? "") ?? "");
  return (
    <div class="stack" data-panel="notes">
      <Loaded state={notes}>
        {(list) => (
          <NoteList
            notes={[...list].sort((a, b) => b.time_ms - a.time_ms).slice(0, MAX_SHOWN)}
            subjects={choices.map(({ subject }) => subject)}
            editable={may("delete", "/v1/notes/{thing}")}
            about={about}
          />
        )}
      </Loaded>
      {may("post", "/v1/notes") && choices.length > 0 ? <NoteForm choices={choices} /> : null}
    </div>
  );
}
