// A sensor that a gateway reads now: placed in its zone as soon as the farm knows it, and its newest values.

import "../i18n/sensors";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../api/client";
import { reload } from "../api/query";
import { useFarm, useNow } from "../app/mount";
import { ageText } from "../i18n/instants";
import { channelName, translate, zoneText } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { Working } from "../ui/loaded";
import { valueText, type Connected } from "./survey";

const TRY_EVERY_MS = 2000;

interface LiveProps {
  connected: Connected;
  onAgain: () => void;
}

export function LiveSensor({ connected, onAgain }: LiveProps): JSX.Element {
  const { device, gateway, zone } = connected;
  const place = useRef<HTMLElement>(null);
  // The form before was longer: without this the answer is above what is in view.
  useEffect(() => place.current?.scrollIntoView({ block: "center" }), []);
  const farm = useFarm();
  const now = useNow(1000);
  const [placed, setPlaced] = useState(zone === null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    if (zone === null) return undefined;
    let left = false;
    const place = async (): Promise<void> => {
      while (!left) {
        // The farm registers a device with its first message: until then there is nothing to place.
        if (!farm.devices.has(device)) await farm.loadDevices().catch(() => undefined);
        const put = farm.devices.has(device)
          ? await api
              .PUT("/v1/devices/{device}/place", { params: { path: { device } }, body: { zone: zone.id, field: null } })
              .catch(() => null)
          : null;
        const status = put?.response.status ?? 0;
        // Not there yet, or too busy, is tried again; what was refused stays refused.
        if (status >= 400 && status < 500 && ![404, 409, 429].includes(status)) {
          setError(translate("sensor_not_placed"));
          return;
        }
        if (put?.response.ok) {
          setPlaced(true);
          reload("/v1/device-places");
          reload("/v1/greenhouses");
          await farm.loadDevices().catch(() => undefined);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS));
      }
    };
    void place();
    return () => {
      left = true;
    };
  }, [device]);
  const values = Object.entries(farm.latest.get(device) ?? {}).filter(([, { value }]) => value !== null);
  return (
    <section ref={place} class="stack" data-panel="sensor" data-connected={placed && values.length > 0 ? device : ""}>
      {placed && values.length > 0 ? (
        <p role="status">
          {zone === null ? translate("sensor_live_outside", { device }) : translate("sensor_live", { device, zone: zoneText(zone.name) })}
        </p>
      ) : (
        <p role="status">
          {translate("sensor_applied", { gateway, device })} <Working />
        </p>
      )}
      <ErrorText error={error} />
      <dl class="facts">
        {values.map(([channel, { value, time_ms: timeMs }]) => (
          <div key={channel}>
            <dt>{channelName(channel)}</dt>
            <dd>
              <strong>{valueText(channel, Number(value))}</strong> <span class="note">{ageText(now - timeMs)}</span>
            </dd>
          </div>
        ))}
      </dl>
      <button type="button" class="secondary" onClick={onAgain}>
        {translate("sensor_again")}
      </button>
    </section>
  );
}
