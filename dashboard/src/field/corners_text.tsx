// Corners of an outline as a text, for whoever does not draw.

import "../i18n/field_work";
import type { JSX } from "preact";
import { useId, useRef } from "preact/hooks";
import { translate } from "../i18n/translate";
import { partsOfText, textOfParts, type Part } from "./outline_model";

interface CornersTextProps {
  title?: string;
  parts: readonly Part[];
  onParts: (parts: Part[]) => void;
  onBad: () => void;
}

export function CornersText({ title = translate("work_corners"), parts, onParts, onBad }: CornersTextProps): JSX.Element {
  const id = useId();
  const text = useRef<HTMLTextAreaElement>(null);
  return (
    <details class="corners">
      <summary>{title}</summary>
      <div class="labelled">
        <label for={id}>{translate("work_corners_label")}</label>
        <textarea
          id={id}
          ref={text}
          rows={6}
          key={textOfParts(parts)}
          defaultValue={textOfParts(parts)}
          placeholder={"31.95000, 119.18000\n31.95000, 119.18200\n31.95200, 119.18200"}
        />
      </div>
      <button
        type="button"
        class="secondary"
        data-act="corners-text"
        onClick={() => {
          const read = partsOfText(text.current?.value ?? "");
          if (read === null) onBad();
          else onParts(read);
        }}
      >
        {translate("work_corners_take")}
      </button>
    </details>
  );
}
