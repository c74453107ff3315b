// Two houses or two seasons on one axis: daily means by the day of the season.

import "../i18n/answers";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import type { Body } from "../api/client";
import { useApi } from "../api/query";
import type { Line } from "../components/chart";
import { SEASON_INDICES } from "../components/shown_quantities";
import { dateOf, dateText, startOfDateMs } from "../i18n/instants";
import { channelName, translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { Loaded } from "../ui/loaded";
import { useUniqueId } from "../ui/unique_id";
import { ChartPanel, type Drawing } from "./chart_panel";

type Climate = Body<"/v1/greenhouses/{device}/climate">;

export interface SeasonHouse {
  id: string;
  name: string;
}

const DAY_MS = 86_400_000;
const TIMEOUT_MS = 120_000;
const LENGTHS_DAYS = [14, 30, 60, 120, 180, 360];

interface Season {
  house: string;
  /** A local day of the site, "2026-11-01". */
  from: string;
}

export function SeasonsPanel({ house, houses }: { house: string; houses: readonly SeasonHouse[] }): JSX.Element {
  const [length, setLength] = useState(14);
  const [quantity, setQuantity] = useState("air_temperature_degc");
  const [first, setFirst] = useState<Season>({ house, from: dateOf(nowMs() - 14 * DAY_MS) });
  const [second, setSecond] = useState<Season>({ house: houses.find(({ id }) => id !== house)?.id ?? house, from: first.from });
  const climates = [useSeason(first, length), useSeason(second, length)] as const;
  const nameOf = (season: Season): string =>
    translate("answers_season_line", {
      house: houses.find(({ id }) => id === season.house)?.name ?? season.house,
      date: dateText(startOfDateMs(season.from) ?? 0),
    });
  const drawing = useMemo((): Drawing => {
    const lines = [first, second].map((season, index): Line => {
      const items = climates[index]?.data?.items ?? [];
      const values: number[] = new Array<number>(length).fill(NaN);
      for (const item of items) {
        const day = Math.round((item.window.start_ms - (startOfDateMs(season.from) ?? 0)) / DAY_MS);
        if (day >= 0 && day < length) values[day] = item.answers[quantity]?.value ?? NaN;
      }
      const unit = items.find((item) => item.answers[quantity] !== undefined)?.answers[quantity]?.unit ?? "1";
      return { name: nameOf(season), unit, colour: index === 0 ? "--accent" : "--warm", values };
    });
    return { timeMs: Array.from({ length }, (_, day) => day + 1), lines };
  }, [climates[0].data, climates[1].data, quantity, length, first, second]);
  return (
    <>
      <p class="note">{translate("answers_season_about")}</p>
      <div class="choices-row">
        <SeasonChoice label={translate("answers_season_first")} season={first} houses={houses} onChange={setFirst} />
        <SeasonChoice label={translate("answers_season_second")} season={second} houses={houses} onChange={setSecond} />
        <Choice
          label={translate("answers_season_length")}
          value={String(length)}
          options={LENGTHS_DAYS.map((days) => ({ value: String(days), text: String(days) }))}
          onChoose={(days) => setLength(Number(days))}
        />
        <Choice
          label={translate("quantity")}
          value={quantity}
          options={SEASON_INDICES.map((value) => ({ value, text: channelName(value) }))}
          onChoose={setQuantity}
        />
      </div>
      <Loaded state={climates[0]}>{() => null}</Loaded>
      <Loaded state={climates[1]}>{() => null}</Loaded>
      <ChartPanel
        options={{ name: `${translate("answers_seasons")} – ${channelName(quantity)}`, axis: "days", gapMs: Infinity, heightPx: 260 }}
        drawing={drawing}
      />
    </>
  );
}

function useSeason({ house, from }: Season, days: number) {
  const startMs = startOfDateMs(from) ?? 0;
  // A season that goes on is asked for up to this hour, so that the same is not asked again at once.
  const endMs = Math.min(startMs + days * DAY_MS, Math.floor(nowMs() / 3_600_000) * 3_600_000);
  return useApi(
    "/v1/greenhouses/{device}/climate",
    { path: { device: house }, query: { start: startMs, end: endMs, by: "day" } },
    { timeoutMs: TIMEOUT_MS, enabled: startMs > 0 && endMs > startMs },
  ) satisfies { data: Climate | undefined };
}

function SeasonChoice({
  label,
  season,
  houses,
  onChange,
}: {
  label: string;
  season: Season;
  houses: readonly SeasonHouse[];
  onChange: (season: Season) => void;
}): JSX.Element {
  const dateId = useUniqueId();
  return (
    <>
      <Choice
        label={label}
        value={season.house}
        options={houses.map(({ id, name }) => ({ value: id, text: name }))}
        onChoose={(house) => onChange({ ...season, house })}
      />
      <div class="labelled">
        <label for={dateId}>{translate("answers_season_begin")}</label>
        <input
          id={dateId}
          type="date"
          value={season.from}
          max={dateOf(nowMs())}
          onChange={(event) => event.currentTarget.value !== "" && onChange({ ...season, from: event.currentTarget.value })}
        />
      </div>
    </>
  );
}
