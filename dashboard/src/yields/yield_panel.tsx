// Yield of a field: which harvest, its map and figures, what was removed, what goes with it, and the import of a log.

import { Choice } from "../ui/choice";
import { NotFound } from "../ui/not_found";
import { chosenOf } from "../components/choice";
import "../i18n/yields";
import "./yields.css";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { nowMs } from "../api/clock";
import { may } from "../api/may";
import { useApi, useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { useChoice } from "../app/mount";
import { dateText } from "../i18n/instants";
import { findTerm, translate } from "../i18n/translate";
import { LazyFold } from "../ui/lazy";
import { Loaded } from "../ui/loaded";
import { TIMEOUT_MS, type Harvest, type HarvestPass, type SeasonOfField } from "./records";
import { YieldOfHarvest } from "./yield_of_harvest";

const DAY_MS = 86_400_000;
const LISTED_DAYS = 398;
/** Passes further apart are of two harvests. */
const APART_MS = 20 * DAY_MS;

interface Option {
  id: string;
  text: string;
  endMs: number;
  hasPasses: boolean;
  harvest: Harvest;
}

export function YieldPanel({ field }: { field: FieldRecord }): JSX.Element {
  const id = field.id ?? "";
  const now = useMemo(() => Math.round(nowMs()), [id]);
  const path = { field: id };
  const seasons = useApi("/v1/fields/{field}/yield/seasons", { path });
  const passes = useApiList(
    "/v1/fields/{field}/harvest-passes",
    { path, query: { start: now - LISTED_DAYS * DAY_MS, end: now } },
    { timeoutMs: TIMEOUT_MS },
  );
  const [chosen, setChosen] = useChoice("harvest");
  return (
    <section class="card stack" data-panel="yield">
      <h2>{translate("yield_map")}</h2>
      <Loaded state={seasons}>
        {({ items }) => (
          <Loaded state={passes}>
            {(listed) => {
              const options = optionsOf(items, listed);
              const open = chosenOf(options, chosen, newest(options)) ?? timeOf(chosen);
              return (
                <>
                  {options.length === 0 ? null : (
                    <Choice
                      label={translate("yield_harvest")}
                      value={open?.id}
                      options={(open === null || options.includes(open) ? options : [open, ...options]).map(({ id: value, text }) => ({
                        value,
                        text,
                      }))}
                      onChoose={setChosen}
                    />
                  )}
                  {may("post", "/v1/imports") ? (
                    <LazyFold
                      title={translate("yield_import")}
                      load={async () => (await import("./harvest_import")).HarvestImport}
                      props={{}}
                      open={listed.length === 0}
                    />
                  ) : null}
                  {open === null && chosen !== "" ? (
                    <NotFound kind="harvest" id={chosen} />
                  ) : open === null ? (
                    <p class="note">{translate(may("post", "/v1/imports") ? "yield_none" : "yield_none_read")}</p>
                  ) : (
                    <YieldOfHarvest key={open.id} field={field} harvest={open.harvest} />
                  )}
                </>
              );
            }}
          </Loaded>
        )}
      </Loaded>
    </section>
  );
}

function optionsOf(seasons: readonly SeasonOfField[], passes: readonly HarvestPass[]): Option[] {
  const dated = seasons.filter(({ start_ms, end_ms }) => start_ms !== null && end_ms !== null);
  const inSeason = ({ start_ms: at }: HarvestPass): boolean =>
    dated.some(({ start_ms, end_ms }) => at >= (start_ms ?? 0) && at < (end_ms ?? 0));
  const harvests: HarvestPass[][] = [];
  for (const pass of passes) {
    const last = harvests.at(-1)?.at(-1);
    if (last !== undefined && pass.start_ms - last.end_ms < APART_MS) harvests.at(-1)?.push(pass);
    else harvests.push([pass]);
  }
  return [
    ...dated.map((season) => ({
      id: season.season,
      text: seasonText(season),
      endMs: season.end_ms ?? 0,
      hasPasses: passes.some(({ start_ms: at }) => at >= (season.start_ms ?? 0) && at < (season.end_ms ?? 0)),
      harvest: { season: season.season },
    })),
    ...harvests
      .filter((group) => !group.every(inSeason))
      .map((group) => timeOption(group[0]?.start_ms ?? 0, (group.at(-1)?.end_ms ?? 0) + 1)),
  ].sort((one, other) => other.endMs - one.endMs);
}

export function seasonText({ name, crop, harvest_date: harvested }: SeasonOfField): string {
  const text = translate("yield_season_option", { name, crop: findTerm("crops", crop) ?? crop });
  return harvested === null ? text : text + translate("in_brackets", { text: harvested });
}

function timeOption(start: number, end: number): Option {
  const text = translate("yield_time_option", { date: dateText(start) });
  return { id: `${start}-${end}`, text, endMs: end, hasPasses: true, harvest: { start, end } };
}

/** Return the harvest of a time in the address, such as that of one pass. */
function timeOf(chosen: string): Option | null {
  const [start, end] = chosen.split("-").map(Number);
  return start && end && end > start ? timeOption(start, end) : null;
}

/** Return the newest harvest with passes, else the newest: they are in order, the newest first. */
function newest(options: readonly Option[]): Option | undefined {
  const [first] = options;
  return options.find(({ hasPasses }) => hasPasses) ?? first;
}
