// Advice to irrigate: when, how much with its interval, within which limits, and what forecast rain would change.

import "../i18n/field_water";
import type { JSX } from "preact";
import type { FieldRecord } from "../api/registry";
import { hrefOfThing } from "../app/address";
import { numberText, unitText, withUnit } from "../i18n/numbers";
import { currentAreaUnit, currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { Facts } from "../ui/facts";
import { ForecastSource } from "../weather/forecast_source";
import type { Zone } from "./irrigation_zones";
import type { Water } from "./records";

type AdviceOf = NonNullable<Water["advice"]>;
interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** Cubic metres of a millimetre on a square metre. */
const M3_PER_MM_M2 = 0.001;

interface AdviceProps {
  water: Water;
  field: FieldRecord;
  /** The irrigation zone that the answer is of; null without one. */
  zone: Zone | null;
}

export function Advice({ water, field, zone }: AdviceProps): JSX.Element | null {
  const { advice, depletion_mm: lacks, stress } = water;
  if (advice === null || lacks === null) return null;
  return (
    <>
      <p class="figure" role="status" data-advice={advice.verdict}>
        {adviceText(advice)}
      </p>
      {advice.amount_mm.value > 0 ? (
        <p>
          {translate(zone?.area_m2 ? "water_whole_zone" : "water_whole", {
            amount: withUnit(advice.amount_mm.value * (zone?.area_m2 ?? field.usable_area_m2) * M3_PER_MM_M2, "m3", 0),
          })}{" "}
          {advice.limited_by === null
            ? null
            : translate("water_turns", {
                turns: advice.turns,
                turn: withUnit(advice.turn_mm, "mm", 0),
                limit: translate(advice.limited_by === "pump" ? "water_limit_pump" : "water_limit_zone"),
              })}
        </p>
      ) : null}
      <IfItRains advice={advice} source={water.rain_source ?? null} />
      <Facts
        class="facts"
        rows={[
          [translate("water_lacks"), rangeOf(lacks, (value) => withUnit(value, "mm", 0))],
          ...(stress === null ? [] : ([[translate("water_stress"), rangeOf(stress, (value) => numberText(value, 2))]] as const)),
        ]}
      />
      {field.site ? (
        <p>
          <a href={hrefOfThing({ kind: "weather", site: field.site })}>{translate("water_weather")}</a>
        </p>
      ) : null}
    </>
  );
}

/** What forecast rain would change stands apart: it is not counted before it has fallen. */
function IfItRains({ advice, source }: { advice: AdviceOf; source: Water["rain_source"] }): JSX.Element | null {
  const told = advice.if_it_rains;
  if (!source) return null;
  const text = currentLanguage() === "en" ? source.text : source.text_zh;
  if (told === null) return <p class="note">{translate("water_no_forecast", { text })}</p>;
  return (
    <div data-if-it-rains>
      <p>{told.rain_mm > 0 ? rainText(told, advice) : translate("water_dry")}</p>
      <ForecastSource source={source} />
    </div>
  );
}

function rainText({ rain_mm: rain, amount_mm: amount, due_in_days: due }: NonNullable<AdviceOf["if_it_rains"]>, advice: AdviceOf): string {
  const values = { rain: withUnit(rain, "mm", 1) };
  if (advice.amount_mm.value <= 0) return translate("water_if_only", values);
  if (amount <= 0) return translate("water_if_enough", values);
  return translate("water_if_rain", {
    ...values,
    amount: withUnit(amount, "mm", 0),
    due: due === null ? translate("water_due_beyond") : translate("water_due_in", { days: daysText(due) }),
  });
}

function adviceText(advice: AdviceOf): string {
  const { verdict, due_in_days: due, earliest_days: earliest, latest_days: latest } = advice;
  const amounts = amountsOf(advice);
  if (verdict === "irrigate") return translate("water_irrigate", amounts);
  if (due === null) return translate("water_no_need");
  return translate(advice.amount_mm.value > 0 ? "water_wait" : "water_wait_full", {
    days: daysText(due),
    earliest: earliest === null ? translate("water_beyond") : daysText(earliest),
    latest: latest === null ? translate("water_beyond") : daysText(latest),
    ...amounts,
  });
}

/** Return the amount per mu where the page counts in mu, else as a depth: both are the station's. */
function amountsOf({ amount_mm: millimetres, amount_m3_mu: perMu }: AdviceOf): { amount: string; low: string; high: string } {
  const isMu = currentAreaUnit() === "mu";
  const text = (value: number): string => (isMu ? `${numberText(value, 0)} ${unitText("m3")}/${unitText("mu")}` : withUnit(value, "mm", 0));
  const { value, low, high } = isMu ? perMu : millimetres;
  return { amount: text(value), low: text(low), high: text(high) };
}

function daysText(days: number): string {
  return translate("water_days", { days: numberText(Math.max(0, days), 0) });
}

export function rangeOf({ value, low, high }: Estimate, text: (value: number) => string): string {
  return translate("water_range", { value: text(value), low: text(low), high: text(high) });
}
