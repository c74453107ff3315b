// What the shell provides to a page, with everything that ends when the page is left.

import type { FarmState } from "../api/farm_state";
import { errorText } from "../api/request";
import type { Route } from "./address";

export interface View {
  route: Route;
  farm: FarmState;
  /** Aborted when the page is left: pass it to requests. */
  signal: AbortSignal;
  setTitle: (title: string) => void;
  /** Display a sentence above the page; null removes it. */
  showMessage: (text: string | null) => void;
  /** Store a choice in the address without loading the page again. */
  setQuery: (name: string, value: string | null) => void;
  /** Run a task now and every `everyMs` while the page is visible, until it is left; an error is displayed above the page. */
  repeat: (everyMs: number, task: () => Promise<void> | void) => void;
  /** Run an action when the page is left. */
  onLeave: (action: () => void) => void;
}

/** A page builds itself into `place`; it is rebuilt when the language or the area unit changes. */
export type Mount = (place: HTMLElement, view: View) => Promise<void> | void;

export function createView(
  route: Route,
  farm: FarmState,
  shell: Pick<View, "setTitle" | "showMessage" | "setQuery">,
): { view: View; leave: () => void } {
  const controller = new AbortController();
  const { signal } = controller;
  const leaveActions: (() => void)[] = [];
  const repeat: View["repeat"] = (everyMs, task) => {
    void (async () => {
      let failed = false;
      while (!signal.aborted) {
        if (!document.hidden) {
          try {
            await task();
            if (failed) shell.showMessage(null);
            failed = false;
          } catch (error) {
            if (signal.aborted) return;
            failed = true;
            shell.showMessage(errorText(error));
          }
        }
        await new Promise((resolve) => setTimeout(resolve, everyMs));
      }
    })();
  };
  const view: View = { route, farm, signal, ...shell, repeat, onLeave: (action) => leaveActions.push(action) };
  const leave = (): void => {
    controller.abort();
    for (const action of leaveActions.reverse()) action();
  };
  return { view, leave };
}
