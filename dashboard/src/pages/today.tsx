// Page of today: what has to be done, on one screen.

import "../i18n/today";
import "../today/today.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { may } from "../api/may";
import { prefetch, useApi } from "../api/query";
import { hrefOf } from "../app/address";
import { tellFarmName } from "../app/farm_of_bar";
import { mountComponent, useNow, useView } from "../app/mount";
import { translate } from "../i18n/translate";
import { Board, Log } from "../today/board";
import { FarmFacts, StateSentence } from "../today/head";
import { textOf } from "../today/records";
import { WeatherThreeDays } from "../today/weather_days";
import { Lazy } from "../ui/lazy";
import { Loaded } from "../ui/loaded";

const EVERY_MS = 60_000;
/** While a past is made, what can be told changes by the minute. */
const MAKING_EVERY_MS = 10_000;
const EMPTY_MS = 1000;
const CONNECT_SEEN = "headland.connect";

const loadRest = async () => (await import("../today/row_rest")).RowRest;

function TodayPage(): JSX.Element {
  const view = useView();
  const [isMaking, setMaking] = useState(false);
  const state = useApi(
    "/v1/today",
    {},
    {
      everyMs: isMaking ? MAKING_EVERY_MS : EVERY_MS,
      keep: true,
    },
  );
  const today = state.data;
  useEffect(() => setMaking(today?.making != null), [today?.making]);
  useEffect(() => {
    if (today === undefined) return;
    view.setTitle(textOf(today.sentence));
    tellFarmName(today.farm.name);
  }, [today, view]);
  const isEmpty = view.farm.devices.size === 0;
  useNow(isEmpty ? EMPTY_MS : EVERY_MS);
  return (
    <div class="today">
      <Loaded state={state}>
        {(answer) => (
          <>
            <section class="today-head">
              <StateSentence today={answer} />
              {answer.weather === null ? (
                <p class="note weather-days">{translate("today_weather_none")}</p>
              ) : (
                <WeatherThreeDays weather={answer.weather} nowMs={answer.now_ms} zone={answer.time_zone} />
              )}
              <FarmFacts facts={answer.facts} zone={answer.time_zone} />
            </section>
            <ConnectOnce reach={answer.facts.reach.state} />
            {isEmpty ? <Lazy load={async () => (await import("../farm/places")).FirstSteps} props={{}} /> : null}
            {answer.rows.length === 0 ? <p class="note">{translate("today_nothing")}</p> : <Board today={answer} loadRest={loadRest} />}
            <Log today={answer} />
          </>
        )}
      </Loaded>
      {today === undefined ? null : <Doubts />}
    </div>
  );
}

/** The first step of an administrator: shown until it is begun or put off; the line of the facts stays. */
function ConnectOnce({ reach }: { reach: string }): JSX.Element | null {
  const [isOff, setOff] = useState(localStorage.getItem(CONNECT_SEEN) !== null);
  if (isOff || reach === "confirmed" || !may("post", "/v1/alarm-recipients")) return null;
  const putOff = (): void => {
    localStorage.setItem(CONNECT_SEEN, "1");
    setOff(true);
  };
  return (
    <p class="notice" data-panel="connect-once">
      {translate("today_connect")}{" "}
      <a href={hrefOf("alarms", { tab: "connect" })} onClick={putOff}>
        {translate("today_connect_now")}
      </a>{" "}
      <button type="button" class="plain" onClick={putOff}>
        {translate("today_connect_later")}
      </button>
    </p>
  );
}

/** Questions about improbable values, below what is to be done: their code is loaded where there are any. */
function Doubts(): JSX.Element | null {
  const enabled = may("get", "/v1/doubts");
  const { data } = useApi("/v1/doubts", { query: { answered: false } }, { everyMs: EVERY_MS, keep: true, enabled });
  const items = data?.items ?? [];
  return items.length === 0 ? null : <Lazy load={async () => (await import("../doubts/doubt_cards")).DoubtCards} props={{ items }} />;
}

export const mount = mountComponent(TodayPage);

/** Ask for what is to be read first while the session is asked for. */
export function prepare(): void {
  prefetch("/v1/today", {});
}
