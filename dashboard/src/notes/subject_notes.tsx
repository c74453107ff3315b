// Notes about one thing, and the form to add one: of a field, a site or an alarm.

import type { JSX } from "preact";
import { may } from "../api/may";
import { useApiList } from "../api/query";

import { Loaded } from "../ui/loaded";
import { NoteForm } from "./note_form";
import { NoteList } from "./note_list";
import type { Subject } from "./records";

export function SubjectNotes({ subject }: { subject: Subject }): JSX.Element {
  const notes = useApiList("/v1/notes", { query: subject });
  return (
    <div class="stack" data-panel="notes">
      <Loaded state={notes}>
        {(list) => (
          <NoteList
            notes={[...list].sort((a, b) => b.time_ms - a.time_ms)}
            subjects={[subject]}
            editable={may("delete", "/v1/notes/{thing}")}
          />
        )}
      </Loaded>
      {may("post", "/v1/notes") ? <NoteForm choices={[{ text: "", subject }]} /> : null}
    </div>
  );
}
