// The map of the farm, loaded when it is seen: its engine is five times the rest of the first page.

import { isPhone } from "../app/turns";
import type { View } from "../app/view";
import type { FarmMap, GatewayItem } from "./farm_map";

/** What the lists beside the map ask of it. */
export type MapLinks = Pick<FarmMap, "whereabouts" | "centre" | "centreField">;

/** A busy browser loads it nevertheless. */
const MOST_WAIT_MS = 3000;
/** On a phone the map is below what is to be read: it waits until the person does something, or this long. */
const CALM_MS = 5000;
const DEEDS = ["pointerdown", "keydown", "wheel", "touchstart", "scroll"] as const;

export class LazyMap implements MapLinks {
  readonly element = document.createElement("div");
  readonly #build: () => Promise<FarmMap>;
  #map: FarmMap | null = null;
  #loading: Promise<FarmMap> | null = null;
  #gateways: readonly GatewayItem[] = [];

  constructor(view: View, select: (device: string) => void, showGateway: (gateway: string) => void) {
    this.element.className = "farm-map-waiting";
    this.#build = async () => {
      const { FarmMap } = await import("./farm_map");
      return new FarmMap(view, select, showGateway);
    };
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) whenRead(() => whenIdle(() => void this.#load().catch(() => undefined)));
    });
    observer.observe(this.element);
    view.onLeave(() => observer.disconnect());
  }

  whereabouts(device: string): ReturnType<FarmMap["whereabouts"]> {
    return this.#map?.whereabouts(device);
  }

  centre(id: string): void {
    void this.#load().then((map) => map.centre(id));
  }

  centreField(id: string): void {
    void this.#load().then((map) => map.centreField(id));
  }

  showGateways(gateways: readonly GatewayItem[]): void {
    this.#gateways = gateways;
    this.#map?.showGateways(gateways);
  }

  #load(): Promise<FarmMap> {
    this.#loading ??= this.#build().then(
      async (map) => {
        this.#map = map;
        this.element.replaceChildren(map.element);
        await map.start();
        map.showGateways(this.#gateways);
        return map;
      },
      (error: unknown) => {
        // The station was away: again when the map is seen again, or asked for.
        this.#loading = null;
        throw error;
      },
    );
    return this.#loading;
  }
}

/** Call `task` at once on a wide screen; on a phone when the person does something, or has had the time to read. */
function whenRead(task: () => void): void {
  if (!isPhone()) {
    task();
    return;
  }
  const act = (): void => {
    clearTimeout(timer);
    for (const deed of DEEDS) removeEventListener(deed, act);
    task();
  };
  const timer = setTimeout(act, CALM_MS);
  for (const deed of DEEDS) addEventListener(deed, act, { passive: true });
}

/** Call `task` once the browser has nothing else to do: what is to be read is drawn first. */
function whenIdle(task: () => void): void {
  if ("requestIdleCallback" in window) requestIdleCallback(task, { timeout: MOST_WAIT_MS });
  else setTimeout(task, 0);
}
