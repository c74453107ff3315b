// Table of an answer as it is, which scrolls sideways; an empty head is a cell without a name.

import type { ComponentChildren, JSX } from "preact";

export interface ScrollTableProps {
  name: string;
  heads: readonly string[];
  class?: string;
  children: ComponentChildren;
}

export function ScrollTable({ name, heads, class: className = heads.length > 4 ? "wide" : "", children }: ScrollTableProps): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys.
    <section class="scroll" tabIndex={0} aria-label={name}>
      <table class={className}>
        <caption class="hidden">{name}</caption>
        {heads.length === 0 ? null : (
          <thead>
            <tr>
              {heads.map((head, at) =>
                head === "" ? (
                  <td key={at} />
                ) : (
                  <th key={at} scope="col">
                    {head}
                  </th>
                ),
              )}
            </tr>
          </thead>
        )}
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
