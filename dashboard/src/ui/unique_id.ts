// Ids of elements that are unique on the page: `useId` of Preact is unique within one mounted component only.

import { useState } from "preact/hooks";

let last = 0;

export function useUniqueId(): string {
  const [id] = useState(() => {
    last += 1;
    return `ui-${last}`;
  });
  return id;
}
