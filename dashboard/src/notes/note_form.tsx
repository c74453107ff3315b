// Form that adds a note about something: text, time, author, photos and position. Without a network it is kept on this device.

import "./notes.css";
import "../i18n/notes";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { keepAuthor, knownAuthor } from "../api/authors";
import { nowMs } from "../api/clock";
import { useKeptWrite } from "../api/write";
import { translate } from "../i18n/translate";
import { NumberField, SelectField, TextArea, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { showToast } from "../ui/overlays";
import { PhotoInput } from "./photo_input";
import { PositionButton, type Fix } from "./position_button";
import type { Subject } from "./records";

const MINUTE_MS = 60_000;

export interface Choice {
  text: string;
  subject: Subject;
}

interface NoteFormProps {
  /** What the note can be about; one alone is not asked for. */
  choices: readonly Choice[];
  onAdded?: () => void;
}

// --8<-- [start:form]
export function NoteForm({ choices, onAdded }: NoteFormProps): JSX.Element {
  const [photos, setPhotos] = useState<readonly Blob[]>([]);
  const [fix, setFix] = useState<Fix | null>(null);
  const add = useKeptWrite("post", "/v1/notes", ({ body }) => translate("kept_note", { text: body?.text ?? "" }), {
    refresh: ["/v1/notes"],
  });
  const submit = async (values: FormValues): Promise<boolean | null> => {
    const about = choices[Number(values.text("about") || "0")];
    if (about === undefined) return null;
    const timeMs = Math.round(nowMs() - (values.number("before") ?? 0) * MINUTE_MS);
    const author = values.text("author");
    const body = { ...about.subject, ...fix, time_ms: timeMs, author, text: values.text("text") };
    const added = await add.run({ body, photos });
    if (added === null) return false;
    keepAuthor(author);
    setPhotos([]);
    setFix(null);
    showToast(translate(added === "kept" ? "kept" : "saved"));
    onAdded?.();
    return true;
  };
  return (
    <Form name="note" submit={translate("notes_add")} write={add} onSubmit={submit}>
      {choices.length > 1 ? (
        <SelectField
          name="about"
          label={translate("notes_about")}
          options={choices.map(({ text }, index) => ({ value: String(index), text }))}
        />
      ) : null}
      <TextArea name="text" label={translate("notes_text")} required maxLength={2000} />
      <PhotoInput photos={photos} onChange={setPhotos} />
      <PositionButton fix={fix} onFix={setFix} />
      <div class="choices-row">
        <NumberField name="before" label={translate("notes_before")} value={0} min={0} max={44_640} />
        <TextField name="author" label={translate("notes_author")} value={knownAuthor()} required maxLength={200} autocomplete="name" />
      </div>
    </Form>
  );
}
// --8<-- [end:form]
