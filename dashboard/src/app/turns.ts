// When parts of a page are drawn: one in each task, so that a slow phone answers in between, and what is off the screen seldom.

import { useEffect, useState } from "preact/hooks";
import type { RefObject } from "preact";
import { useNow } from "./mount";
import { printing } from "../ui/printing";

const PHONE = "(max-width: 760px)";
/** How often the time of what nobody sees is followed. */
const UNSEEN_MS = 60_000;

/** Resolve in a task of its own, before other things that wait where the browser knows how. */
export async function nextTask(): Promise<void> {
  const { scheduler } = window as { scheduler?: { yield?: () => Promise<void> } };
  if (scheduler?.yield) await scheduler.yield();
  else await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Return how many parts of `total` to draw now: those of `first`, and another after each frame. */
export function useTurns(total: number, first = 1): number {
  const [drawn, setDrawn] = useState(first);
  const isWhole = drawn >= total;
  useEffect(() => {
    if (isWhole) return undefined;
    const timer = setTimeout(() => setDrawn(drawn + 1), 0);
    return () => clearTimeout(timer);
  }, [drawn, isWhole]);
  return Math.min(drawn, total);
}

/** Return whether the screen is that of a phone, as in styles/phone.css. */
export function isPhone(): boolean {
  return matchMedia(PHONE).matches;
}

/** Return the server's time each second while an element is on the screen, and each minute otherwise. */
export function useNowOnScreen(place: RefObject<Element | null>): number {
  return useNow(useOnScreen(place) ? 1000 : UNSEEN_MS);
}

/** Return whether an element is on the screen, or within `margin` of it. */
export function useOnScreen(place: RefObject<Element | null>, margin = "0px"): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (place.current === null) return undefined;
    const observer = new IntersectionObserver((entries) => setSeen(entries.at(-1)?.isIntersecting ?? false), { rootMargin: margin });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [place, margin]);
  return isSeen || printing.value;
}
