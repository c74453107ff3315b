// A component as a page, and the hooks by which its parts reach what the shell provides.

import { createContext, render, type ComponentType } from "preact";
import { useContext, useEffect, useMemo, useReducer, useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import type { FarmState } from "../api/farm_state";
import { LastChoice } from "../api/last_choice";
import { Guarded } from "../ui/loaded";
import type { Mount, View } from "./view";

const ViewContext = createContext<View | null>(null);

/** Return a page that displays `Component`. */
export function mountComponent(Component: ComponentType): Mount {
  return (place, view) => mountInto(place, view, Component);
}

/** Display `Component` in `place` until the page is left: for a panel of a page that is not a component itself. */
export function mountInto(place: HTMLElement, view: View, Component: ComponentType): void {
  render(
    <ViewContext.Provider value={view}>
      <Guarded>
        <Component />
      </Guarded>
    </ViewContext.Provider>,
    place,
  );
  view.onLeave(() => render(null, place));
}

/** Return what the shell provides: the address, the farm, the title. */
export function useView(): View {
  const view = useContext(ViewContext);
  if (view === null) throw new Error("useView is for components within mountComponent");
  return view;
}

/** Return the newest values and devices; the component is drawn again on each change. */
export function useFarm(): FarmState {
  const { farm } = useView();
  const [, draw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => farm.onChange(() => draw(undefined)), [farm]);
  return farm;
}

/** Return the server's time at this rendering, which is repeated every `everyMs`: for ages. */
export function useNow(everyMs = 1000): number {
  const [, render] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => render(nowMs()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs();
}

/** Return a choice that is kept in the address, and a function that changes it; "" is no choice. */
export function useChoice(name: string, initial = ""): [string, (value: string) => void] {
  const view = useView();
  const [value, setValue] = useState(view.route.query.get(name) ?? initial);
  return [
    value,
    (chosen) => {
      view.setQuery(name, chosen === initial || chosen === "" ? null : chosen);
      setValue(chosen);
    },
  ];
}

/** Return the choices of a component: what asks outside of `useApi` asks by them. The last one ends with the component. */
export function useLastChoice(): LastChoice {
  const { signal } = useView();
  const last = useMemo(() => new LastChoice(signal), [signal]);
  useEffect(() => () => last.end(), [last]);
  return last;
}
