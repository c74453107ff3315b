// Colour of a zone beside its row.

import type { JSX } from "preact";

export function ZoneKey({ colour }: { colour: string }): JSX.Element {
  return (
    <svg class="key" viewBox="0 0 1 1" width="14" height="14" aria-hidden="true">
      <rect width="1" height="1" fill={colour} />
    </svg>
  );
}
