// The note of the address: what it says, beside its place on the map.

import "../i18n/notes";
import type { JSX } from "preact";
import { useApiList } from "../api/query";
import { hrefOf } from "../app/address";
import { NoteList } from "../notes/note_list";
import { translate } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import { NotFound } from "../ui/not_found";

export function ChosenNote({ id }: { id: string }): JSX.Element {
  const notes = useApiList("/v1/notes", {});
  return (
    <Loaded state={notes}>
      {(list) => {
        const note = list.find((each) => each.id === id);
        if (note === undefined) return <NotFound kind="note" id={id} back={{ href: hrefOf("farm"), text: translate("to_farm") }} />;
        return (
          <section class="card" data-panel="chosen-note" aria-current="true">
            <h2>{translate("notes_key")}</h2>
            <NoteList notes={[note]} subjects={[]} editable={false} />
          </section>
        );
      }}
    </Loaded>
  );
}
