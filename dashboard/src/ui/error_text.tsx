// One sentence about what failed; nothing where nothing did. `inline` stands beside a button or in a cell.

import type { JSX } from "preact";

export function ErrorText({ error, inline = false }: { error: string | null | undefined; inline?: boolean }): JSX.Element | null {
  if (!error) return null;
  const Tag = inline ? "span" : "p";
  return (
    <Tag class="error" role="alert">
      {error}
    </Tag>
  );
}
