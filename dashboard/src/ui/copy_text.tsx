// A text to take along, such as a key: with a button that copies it, and selected as a whole by a click.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { translate } from "../i18n/translate";

export function CopyText({ text, multiline = false }: { text: string; multiline?: boolean }): JSX.Element {
  const place = useRef<HTMLElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    if (place.current === null) return;
    // Without TLS a browser has no clipboard: then the text is selected, and the old command copies it.
    getSelection()?.selectAllChildren(place.current);
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(text);
      else document.execCommand("copy");
      setCopied(true);
    } catch {
      setCopied(false);
    }
  };
  return (
    <div class="copy-text">
      {multiline ? (
        <pre class="secret" ref={place as never}>
          {text}
        </pre>
      ) : (
        <code class="secret" ref={place}>
          {text}
        </code>
      )}
      <button type="button" class="secondary" onClick={() => void copy()}>
        {translate(copied ? "copied" : "copy")}
      </button>
    </div>
  );
}
