// Control that chooses files, in the page's words: the browser's own speaks the browser's language and counts what is no file any more.

import "./file_button.css";
import type { ComponentChildren, JSX } from "preact";

export interface FileButtonProps {
  id: string;
  accept: string;
  several?: boolean;
  disabled?: boolean;
  onChange: (input: HTMLInputElement) => void;
  children: ComponentChildren;
}

export function FileButton({ id, accept, several = false, disabled = false, onChange, children }: FileButtonProps): JSX.Element {
  return (
    <span class="file-button">
      <input
        id={id}
        type="file"
        accept={accept}
        multiple={several}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget)}
      />
      <label for={id}>{children}</label>
    </span>
  );
}
