// Events of the last day of a gateway and its devices: clocks, and what its spool dropped or renewed.

import { useEffect, useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { api, dataOf, type ListItem } from "../api/client";
import type { Choice } from "../api/last_choice";
import { useFarm, useLastChoice } from "../app/mount";

export interface DeviceEvent {
  device: string;
  event: ListItem<"/v1/devices/{device}/events">;
}

const DAY_MS = 86_400_000;
const REFRESH_MS = 60_000;
const MOST_DEVICES = 50;
const MOST_EVENTS = 1000;

/** Ask for them once a minute, one device after the other; null until the first answer. */
export function useGatewayEvents(gateway: string): readonly DeviceEvent[] | null {
  const farm = useFarm();
  const last = useLastChoice();
  const [events, setEvents] = useState<readonly DeviceEvent[] | null>(null);
  const names = [...farm.devices.values()]
    .filter((device) => device.gateway === gateway)
    .map((device) => device.id)
    .sort()
    .slice(0, MOST_DEVICES)
    .join(" ");
  useEffect(() => {
    const load = async ({ signal, of }: Choice): Promise<void> => {
      const end = Math.floor(nowMs());
      const found: DeviceEvent[] = [];
      for (const device of names.split(" ").filter(Boolean)) {
        const query = { start: end - DAY_MS, end, limit: MOST_EVENTS };
        const answer = await of(
          dataOf(api.GET("/v1/devices/{device}/events", { params: { path: { device }, query: query as never }, signal })),
        );
        found.push(...answer.items.map((event) => ({ device, event })));
      }
      setEvents(found);
    };
    const run = (): void => {
      if (!document.hidden) void last.run(load).catch(() => undefined);
    };
    run();
    const timer = setInterval(run, REFRESH_MS);
    return () => {
      last.end();
      clearInterval(timer);
    };
  }, [names]);
  return events;
}
