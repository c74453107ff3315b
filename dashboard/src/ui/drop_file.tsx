// Place where files are dropped or chosen; wrong types and too large files are refused with a reason.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { bytesText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { FileButton } from "./file_button";
import { useUniqueId } from "./unique_id";

export interface DropFileProps {
  /** Endings of names, such as [".geojson", ".zip"]. */
  types: readonly string[];
  maxBytes: number;
  several?: boolean;
  disabled?: boolean;
  onFiles: (files: File[]) => void;
  text?: string;
}

export function DropFile({ types, maxBytes, several = false, disabled = false, onFiles, text }: DropFileProps): JSX.Element {
  const id = useUniqueId();
  const [over, setOver] = useState(false);
  const [errors, setErrors] = useState<string[]>([]);
  const take = (given: FileList | null | undefined): void => {
    const files = [...(given ?? [])].slice(0, several ? undefined : 1);
    const refused = files.flatMap((file) => refusal(file, types, maxBytes));
    setErrors(refused);
    if (files.length > 0 && refused.length === 0) onFiles(files);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the input below is reached by keys.
    <div
      class={over ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(!disabled);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (!disabled) take(event.dataTransfer?.files);
      }}
    >
      <FileButton
        id={id}
        accept={types.join(",")}
        several={several}
        disabled={disabled}
        onChange={(input) => {
          take(input.files);
          input.value = "";
        }}
      >
        {text ?? translate(several ? "drop_files" : "drop_file")}
      </FileButton>
      <span class="note">{types.join(" ")}</span>
      {errors.length > 0 ? (
        <p class="error" role="alert">
          {errors.join(" ")}
        </p>
      ) : null}
    </div>
  );
}

function refusal(file: File, types: readonly string[], maxBytes: number): string[] {
  if (types.length > 0 && !types.some((type) => file.name.toLowerCase().endsWith(type)))
    return [translate("drop_type", { name: file.name, types: types.join(" ") })];
  if (file.size > maxBytes) return [translate("drop_size", { name: file.name, size: bytesText(file.size), limit: bytesText(maxBytes) })];
  return [];
}
