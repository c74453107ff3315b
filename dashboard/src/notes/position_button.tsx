// Button that adds the position of the phone to a note.

import "../i18n/notes";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { numberText } from "../i18n/numbers";
import { translate } from "../i18n/translate";

const TIMEOUT_MS = 20_000;

export interface Fix {
  longitude_deg: number;
  latitude_deg: number;
  accuracy_m: number;
}

export function PositionButton({ fix, onFix }: { fix: Fix | null; onFix: (fix: Fix | null) => void }): JSX.Element {
  const [state, setState] = useState<"" | "working" | "failed">("");
  const locate = (): void => {
    setState("working");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setState("");
        onFix({ longitude_deg: coords.longitude, latitude_deg: coords.latitude, accuracy_m: Math.round(coords.accuracy) });
      },
      () => setState("failed"),
      { enableHighAccuracy: true, timeout: TIMEOUT_MS, maximumAge: 10_000 },
    );
  };
  if (!window.isSecureContext || !("geolocation" in navigator)) return <p class="note">{translate("notes_here_insecure")}</p>;
  return (
    <div class="note-here">
      <button type="button" class="secondary" disabled={state === "working"} onClick={locate}>
        {translate("notes_here")}
      </button>
      <span role="status" class={state === "failed" ? "error" : "note"}>
        {state === "working"
          ? translate("working")
          : state === "failed"
            ? translate("notes_here_failed")
            : fix === null
              ? ""
              : translate("notes_here_found", { metres: numberText(fix.accuracy_m, 0) })}
      </span>
    </div>
  );
}
