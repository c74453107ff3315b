// A map that lives as long as its panel.

import { useEffect, useMemo, useState } from "preact/hooks";
import { MapView } from "../components/map";

const NOTHING = (): Promise<undefined> => Promise.resolve(undefined);

/**
 * Return a map that is closed with the panel, and whether `open` has drawn on it. What `open` returns is called before it is closed;
 * `load` is what it needs besides the map.
 */
export function useMapView<Needed = undefined>(
  name: string,
  open: (map: MapView, needed: Needed) => (() => void) | undefined,
  load: () => Promise<Needed> = NOTHING as () => Promise<Needed>,
): { map: MapView; ready: boolean } {
  const map = useMemo(() => new MapView(name), [name]);
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let left = false;
    let close: (() => void) | undefined;
    void Promise.all([map.ready, load()]).then(
      ([, needed]) => {
        if (left || map.map === null) return;
        close = open(map, needed);
        setReady(true);
      },
      () => undefined,
    );
    return () => {
      left = true;
      close?.();
      map.close();
    };
  }, [map]);
  return { map, ready };
}
