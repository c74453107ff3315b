// What became of the last requests for weather forecasts at each site: when, what is wrong, and when the station asks again.

import "../i18n/forecast_providers";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Body } from "../api/client";
import { nowMs } from "../api/clock";
import { useApi } from "../api/query";
import { hrefOfThing } from "../app/address";
import { useNow } from "../app/mount";
import { siteText } from "../i18n/device_names";
import { ageText, dateTimeText } from "../i18n/instants";
import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import type { Site } from "./records";
import { placeText } from "./sent_places";

/** A place of a provider whose adapter is gone: no decimal of it is left out. */
const MOST_DECIMALS = 4;

type Kind = Body<"/v1/forecast-providers/catalog">["items"][number];
type Answer = Body<"/v1/sites/{site}/weather-forecast">;

const EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;

export function ForecastStates({ sites, kinds }: { sites: readonly Site[]; kinds: readonly Kind[] }): JSX.Element | null {
  if (sites.length === 0) return null;
  return (
    <>
      <h2>{translate("provider_states")}</h2>
      <div class="cards">
        {sites.map((site) => (
          <SiteState key={site.id} site={site} kinds={kinds} />
        ))}
      </div>
    </>
  );
}

function SiteState({ site, kinds }: { site: Site; kinds: readonly Kind[] }): JSX.Element {
  // No steps are asked for: what is wanted is the state.
  const hourMs = useMemo(() => Math.floor(nowMs() / HOUR_MS) * HOUR_MS, []);
  const query = { start: hourMs, end: hourMs };
  const state = useApi("/v1/sites/{site}/weather-forecast", { path: { site: site.id }, query }, { everyMs: EVERY_MS });
  return (
    <article class="card" data-state-of={site.id}>
      <h3>{siteText(site.name)}</h3>
      <Loaded state={state}>{(answer) => <StateFacts answer={answer} kind={kinds.find(({ name }) => name === answer.provider)} />}</Loaded>
      <a href={hrefOfThing({ kind: "weather", site: site.id })}>{translate("provider_open", { site: siteText(site.name) })}</a>
    </article>
  );
}

function StateFacts({ answer, kind }: { answer: Answer; kind: Kind | undefined }): JSX.Element {
  const now = useNow(EVERY_MS / 2);
  const when = (timeMs: number | null): string =>
    timeMs === null ? translate("provider_not_yet") : `${dateTimeText(timeMs)} · ${ageText(now - timeMs)}`;
  const next = answer.next_ms === null ? null : answer.next_ms <= now ? translate("provider_soon") : dateTimeText(answer.next_ms);
  const { asked } = answer;
  return (
    <>
      <p data-reason={answer.reason ?? answer.fault ?? "told"} class={answer.fault === null ? undefined : "error"}>
        {currentLanguage() === "en" ? answer.text : answer.text_zh}
      </p>
      {answer.simulated ? <p class="note">{translate("provider_simulated")}</p> : null}
      {answer.reason === "off" || asked === null ? null : (
        <dl class="facts">
          <dt>{translate("provider_sent")}</dt>
          <dd>{placeText(asked.latitude_deg, asked.longitude_deg, kind?.decimals ?? MOST_DECIMALS)}</dd>
          <dt>{translate("provider_fetched")}</dt>
          <dd>{when(answer.fetched_ms)}</dd>
          <dt>{translate("provider_confirmed")}</dt>
          <dd>{when(answer.confirmed_ms)}</dd>
          <dt>{translate("provider_next")}</dt>
          <dd>{next ?? translate("provider_soon")}</dd>
        </dl>
      )}
    </>
  );
}
