// Room on the farm's disk, where the station's store is, and for how many days it lasts.

import "../i18n/health";
import type { JSX } from "preact";
import { useApi } from "../api/query";
import { dateTimeText } from "../i18n/instants";
import { bytesText, numberText, shareText } from "../i18n/numbers";
import { translate } from "../i18n/translate";

const REFRESH_MS = 300_000;

export function StoreSpace(): JSX.Element | null {
  const space = useApi("/v1/store/space", {}, { everyMs: REFRESH_MS }).data;
  if (space === undefined || space.at_ms === null) return null;
  const { free_bytes: free, total_bytes: total, farm_bytes: farm, growth_bytes_day: growth, days_left: daysLeft } = space;
  const lasts =
    growth === null
      ? translate("health_space_unknown", { days: numberText(space.days_known, 1) })
      : daysLeft === null
        ? translate("health_space_steady")
        : translate("health_space_days", { days: numberText(Math.floor(daysLeft), 0), growth: bytesText(growth) });
  return (
    <section class="card" data-panel="store-space">
      <h2>{translate("health_space")}</h2>
      <p>
        {translate("health_space_free", { free: bytesText(free), share: shareText(total > 0 ? free / total : 0), farm: bytesText(farm) })}{" "}
        <strong class={space.is_nearly_full ? "bad" : ""}>{lasts}</strong>
      </p>
      {space.is_nearly_full ? <p class="bad">{translate("health_space_remedy")}</p> : null}
      <p class="note">{translate("health_space_at", { when: dateTimeText(space.at_ms) })}</p>
    </section>
  );
}
