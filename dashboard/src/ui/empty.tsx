// What a place without content says: the condition, and a link to the next step.

import type { ComponentChildren, JSX } from "preact";

export function Empty({
  text,
  link,
  children,
}: {
  text: string;
  link?: { href: string; text: string };
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="empty-place">
      <p>{text}</p>
      {link ? (
        <a class="button" href={link.href}>
          {link.text}
        </a>
      ) : null}
      {children}
    </div>
  );
}
