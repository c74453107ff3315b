// Pictures of the kinds of devices.

import type { JSX } from "preact";

const ICONS: Record<string, string> = {
  greenhouse: "M3 20V10l9-6 9 6v10H3Zm0-8h18M9 20v-8m6 8v-8",
  drone:
    "M9 10h6v4H9zM9 10 6 7m9 3 3-3M9 14l-3 3m9-3 3 3M3.5 7a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0m12 0a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0m-12 10a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0m12 0a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0",
  other: "M12 14v7m-4 0h8M12 14a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-6 2a8 8 0 0 1 0-10m12 0a8 8 0 0 1 0 10",
};

export function KindIcon({ kind }: { kind: string }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={ICONS[kind] ?? ICONS["other"]} />
    </svg>
  );
}
