// What a page gets from the shell, and what ends with the page.

import type { Farm } from "../api/farm_state";
import { sentenceOf } from "../api/request";
import type { Route } from "./address";

export interface View {
  route: Route;
  farm: Farm;
  /** Aborted when the page is left: give it to `ask`. */
  signal: AbortSignal;
  setTitle: (title: string) => void;
  /** Show one sentence above the page; `null` takes it away. */
  say: (sentence: string | null) => void;
  /** Keep a choice in the address without loading the page again. */
  keep: (name: string, value: string | null) => void;
  /** Do it now and again until the page is left, only while it is looked at; an error is said above the page. */
  repeat: (everyMs: number, task: () => Promise<void> | void) => void;
  /** Do it when the page is left. */
  onLeave: (act: () => void) => void;
}

/** A page builds itself into `place`; it is built anew when language or unit of ground change. */
export type Mount = (place: HTMLElement, view: View) => Promise<void> | void;

export function makeView(route: Route, farm: Farm, shell: Pick<View, "setTitle" | "say" | "keep">): { view: View; leave: () => void } {
  const controller = new AbortController();
  const { signal } = controller;
  const leaving: (() => void)[] = [];
  const repeat: View["repeat"] = (everyMs, task) => {
    void (async () => {
      let failed = false;
      while (!signal.aborted) {
        if (!document.hidden) {
          try {
            await task();
            if (failed) shell.say(null);
            failed = false;
          } catch (error) {
            if (signal.aborted) return;
            failed = true;
            shell.say(sentenceOf(error));
          }
        }
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
    })();
  };
  const view: View = { route, farm, signal, ...shell, repeat, onLeave: (act) => leaving.push(act) };
  const leave = (): void => {
    controller.abort();
    for (const act of leaving.reverse()) act();
  };
  return { view, leave };
}
