// Tabs: the content of one of several headings. Arrow keys go from heading to heading.

import { NotFound } from "./not_found";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useUniqueId } from "./unique_id";

export interface Tab {
  id: string;
  title: string;
  /** Built only while the tab is open. */
  content: () => ComponentChildren;
}

/** The open tab is the caller's, for example in the address: `useChoice("tab", "climate")`. */
export function Tabs({
  name,
  tabs,
  open,
  onOpen,
}: {
  name: string;
  tabs: readonly Tab[];
  open: string;
  onOpen: (id: string) => void;
}): JSX.Element {
  const id = useUniqueId();
  const list = useRef<HTMLDivElement>(null);
  const at = tabs.findIndex((tab) => tab.id === open);
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
        {current === undefined ? <NotFound kind="tab" id={open} /> : current.content()}
      </div>
    </div>
  );
}
