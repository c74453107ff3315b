// An element that is built without components, such as a map or a chart, within components.

import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Display `node`. It is not rebuilt when the component is drawn again. */
export function DomNode({ node, class: className }: { node: Node; class?: string }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    place.current?.replaceChildren(node);
  }, [node]);
  return <div ref={place} class={className} />;
}
