// The newest values of a greenhouse, a few of them: the first device that has each.

import type { JSX } from "preact";
import { freshnessOf } from "../api/freshness";
import { useFarm, useNow } from "../app/mount";
import { HOUSE_VALUES } from "../components/shown_quantities";
import { ageText } from "../i18n/instants";
import { valueParts } from "../i18n/numbers";
import { channelName, translate } from "../i18n/translate";
import "../i18n/house";

const MOST = 6;

export function RightNow({ house }: { house: string }): JSX.Element | null {
  const farm = useFarm();
  const now = useNow();
  const devices = [...farm.devices.values()].filter((device) => device.id === house || device.greenhouse === house);
  const values = HOUSE_VALUES.flatMap((channel) => {
    const found = devices.flatMap(({ id }) => farm.latest.get(id)?.[channel] ?? []).sort((a, b) => b.time_ms - a.time_ms)[0];
    return found === undefined ? [] : [{ channel, latest: found }];
  }).slice(0, MOST);
  if (values.length === 0) return null;
  const newest = Math.max(...values.map(({ latest }) => latest.time_ms));
  return (
    <section class="card" data-panel="right-now">
      <h2>
        {translate("house_right_now")} <small>{ageText(now - newest)}</small>
      </h2>
      <dl class="right-now">
        {values.map(({ channel, latest }) => {
          const [number, unit] = valueParts(channel, latest.value, latest.unit);
          const isOld = freshnessOf(latest, latest.time_ms, now) !== "current";
          return (
            <div key={channel}>
              <dt>{channelName(channel)}</dt>
              <dd class={isOld ? "old" : undefined}>
                {number} <small>{unit}</small>
              </dd>
              {isOld ? <dd class="old-note">{`${translate("stale")} · ${ageText(now - latest.time_ms)}`}</dd> : null}
            </div>
          );
        })}
      </dl>
    </section>
  );
}
