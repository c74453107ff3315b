// Tabs: the content of one of several headings. Arrow keys go from heading to heading. A heading may have several parts, each behind its own title.

import { printing } from "./printing";
import { NotFound } from "./not_found";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useUniqueId } from "./unique_id";

export interface Tab {
  id: string;
  title: string;
  /** Built only while the tab is open. */
  content: () => ComponentChildren;
}

/** A heading of several parts, each of which has an address of its own; the first is open where none is asked for. */
export interface TabOfParts {
  id: string;
  title: string;
  parts: readonly Tab[];
}

/** The open tab is the caller's, for example in the address: `useChoice("tab", "climate")`. */
export function Tabs({
  name,
  tabs,
  open,
  onOpen,
}: {
  name: string;
  tabs: readonly (Tab | TabOfParts)[];
  /** The id of a tab or of a part. */
  open: string;
  onOpen: (id: string) => void;
}): JSX.Element {
  const id = useUniqueId();
  const list = useRef<HTMLDivElement>(null);
  const at = tabs.findIndex((tab) => tab.id === open || partsOf(tab).some((part) => part.id === open));
  const current = tabs[at];
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = step === undefined ? undefined : tabs[(at + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    event.preventDefault();
    onOpen(next.id);
    list.current?.querySelector<HTMLElement>(`[data-tab="${next.id}"]`)?.focus();
  };
  const openId = current?.id ?? "";
  useEffect(() => {
    const shown = list.current?.querySelector<HTMLElement>(`[data-tab="${openId}"]`);
    // On a phone the headings are wider than the page: the chosen one is in view, and a part of its neighbours.
    if (list.current && shown) list.current.scrollLeft = shown.offsetLeft - (list.current.clientWidth - shown.offsetWidth) / 2;
  }, [openId]);
  return (
    <div class="tabs">
      <div class="tab-list" role="tablist" aria-label={name} ref={list} onKeyDown={move}>
        {tabs.map((tab, index) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            data-tab={tab.id}
            aria-selected={index === at}
            {...(index === at ? { "aria-controls": `${id}-panel` } : {})}
            tabIndex={index === Math.max(at, 0) ? 0 : -1}
            onClick={() => onOpen(tab.id)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${current?.id ?? ""}`}>
        {current === undefined ? (
          <NotFound kind="tab" id={open} />
        ) : "parts" in current ? (
          current.parts.map((part, index) => (
            <Part key={part.id} part={part} isAsked={part.id === open || (current.id === open && index === 0)} onOpen={onOpen} />
          ))
        ) : (
          current.content()
        )}
      </div>
    </div>
  );
}

/** Built when it is opened first; what was opened before stays open. */
function Part({ part, isAsked, onOpen }: { part: Tab; isAsked: boolean; onOpen: (id: string) => void }): JSX.Element {
  const [isOpen, setOpen] = useState(isAsked);
  const place = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (isAsked) setOpen(true);
  }, [isAsked]);
  return (
    <details
      class="tab-part"
      ref={place}
      data-part={part.id}
      open={isOpen}
      onToggle={(event) => {
        const now = event.currentTarget.open;
        setOpen(now);
        if (now && !isAsked && !printing.value) onOpen(part.id);
      }}
    >
      <summary>{part.title}</summary>
      {isOpen ? part.content() : null}
    </details>
  );
}

/** Return the parts of a tab; none of one that is a content itself. */
export function partsOf(tab: Tab | TabOfParts): readonly Tab[] {
  return "parts" in tab ? tab.parts : [];
}
