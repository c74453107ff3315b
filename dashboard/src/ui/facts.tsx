// List of facts: a name, its value, and a note where there is one.

import type { ComponentChildren, JSX } from "preact";

export type Fact = readonly [name: string, value: ComponentChildren, note?: string | undefined];

export function Facts({ rows, ...attributes }: { rows: readonly Fact[]; class: string; "data-machine"?: string }): JSX.Element {
  return (
    <dl {...attributes}>
      {rows.map(([name, value, note]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {note === undefined ? null : <small class="note"> {note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
