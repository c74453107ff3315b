// Photos that a note will have: taken or chosen, made small, shown, and removed again.

import "../i18n/notes";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { translate } from "../i18n/translate";
import { FileButton } from "../ui/file_button";
import { useUniqueId } from "../ui/unique_id";
import { shrinkPhoto } from "./photo_file";
import { MAX_PHOTOS } from "./records";

interface PhotoInputProps {
  photos: readonly Blob[];
  onChange: (photos: readonly Blob[]) => void;
}

export function PhotoInput({ photos, onChange }: PhotoInputProps): JSX.Element {
  const id = useUniqueId();
  const [error, setError] = useState("");
  const add = async (input: HTMLInputElement): Promise<void> => {
    const files = [...(input.files ?? [])];
    input.value = "";
    const added: Blob[] = [];
    let problem = files.length + photos.length > MAX_PHOTOS ? translate("notes_photos_many", { n: MAX_PHOTOS }) : "";
    for (const file of files.slice(0, MAX_PHOTOS - photos.length)) {
      try {
        added.push(await shrinkPhoto(file));
      } catch {
        problem = translate("notes_photo_unreadable", { name: file.name });
      }
    }
    setError(problem);
    onChange([...photos, ...added]);
  };
  return (
    <div class="labelled">
      <FileButton id={id} accept="image/*" several onChange={(input) => void add(input)}>
        {translate("notes_photos", { n: MAX_PHOTOS })}
      </FileButton>
      {error === "" ? null : (
        <span class="field-error" role="alert">
          {error}
        </span>
      )}
      {photos.length === 0 ? null : (
        <ul class="note-photos">
          {photos.map((photo, index) => (
            <li key={index}>
              <Preview photo={photo} number={index + 1} />
              <button
                type="button"
                class="plain"
                aria-label={translate("notes_photo_remove", { n: index + 1 })}
                onClick={() => onChange(photos.filter((_, place) => place !== index))}
              >
                ✕
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** A photo that is on this device only. */
export function Preview({ photo, number }: { photo: Blob; number: number }): JSX.Element {
  const url = useMemo(() => URL.createObjectURL(photo), [photo]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  return <img src={url} alt={translate("notes_photo", { n: number, text: "" })} />;
}
