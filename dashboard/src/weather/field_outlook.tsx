// Frost, heat, late blight weather and days of harvest that come to a field, by the forecast of its site and what it measured.

import "../i18n/field_outlook";
import type { JSX } from "preact";
import { useApi } from "../api/query";
import { numberText, shareText, withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { methodText, term, translate, type TextKey } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import { BlightDays, HarvestDays, type Outlook } from "./field_days";
import { ForecastSource } from "./forecast_source";
import { hourText } from "./next_hours";

const EVERY_MS = 300_000;
const TIMEOUT_MS = 120_000;

export function FieldOutlook({ field }: { field: string }): JSX.Element {
  const state = useApi("/v1/fields/{thing}/weather-outlook", { path: { thing: field } }, { everyMs: EVERY_MS, timeoutMs: TIMEOUT_MS });
  return (
    <section class="card" data-panel="field-outlook">
      <h2>{translate("outlook_frost")}</h2>
      <Loaded state={state}>
        {(answer) => (
          <>
            <Told outlook={answer} />
            <BlightDays outlook={answer} />
            <HarvestDays outlook={answer} />
          </>
        )}
      </Loaded>
    </section>
  );
}

function Told({ outlook }: { outlook: Outlook }): JSX.Element {
  const { frost, heat, source } = outlook;
  const text = currentLanguage() === "en" ? source.text : source.text_zh;
  if (source.basis === "nothing" || frost.lowest_degc === null) return <p class="note">{translate("outlook_none", { text })}</p>;
  return (
    <>
      <p data-frost={String(frost.is_expected)}>{frostText(frost)}</p>
      <p class="note">
        {translate(`outlook_offset_${frost.offset_of}` as TextKey, {
          offset: withUnit(frost.offset_k, "K", 1),
          days: numberText(frost.days, 0),
        })}
      </p>
      {heat.highest_degc === null ? null : (
        <>
          <h3>{translate("outlook_heat")}</h3>
          {heat.spells.length === 0 ? (
            <p>{translate("outlook_heat_none", { highest: degrees(heat.highest_degc) })}</p>
          ) : (
            <ul>
              {heat.spells.map((spell) => (
                <li key={`${spell.rule}-${spell.start_ms}`}>
                  {translate("outlook_heat_spell", {
                    rule: term("alarm_rules", spell.rule),
                    window: translate("outlook_window", {
                      from: hourText(spell.start_ms),
                      until: hourText(spell.end_ms),
                      hours: numberText(spell.hours, 0),
                    }),
                    highest: degrees(spell.highest_degc),
                  })}
                </li>
              ))}
            </ul>
          )}
        </>
      )}
      <ForecastSource source={source} />
      <details class="how">
        <summary>{translate("method")}</summary>
        <p>{methodText(frost.method)}</p>
        <p>{methodText(heat.method)}</p>
      </details>
    </>
  );
}

function frostText(frost: Outlook["frost"]): string {
  const { lowest_degc: lowest, low_degc: low, high_degc: high, chance, start_ms: startMs, is_expected: isExpected } = frost;
  const range = low === null || high === null ? "" : ` (${numberText(low, 1)}–${numberText(high, 1)})`;
  const limit = degrees(frost.limit_degc);
  const values = {
    lowest: `${degrees(lowest ?? NaN)}${range}`,
    hours: numberText(frost.hours, 0),
    from: startMs === null ? "" : hourText(startMs),
    chance:
      chance === null
        ? translate("outlook_frost_limit", { limit })
        : translate("outlook_frost_chance", { limit, chance: shareText(chance) }),
  };
  if (!isExpected) return translate("outlook_frost_none", values);
  return translate(startMs === null ? "outlook_frost_likely" : "outlook_frost_expected", values);
}

function degrees(value: number): string {
  return withUnit(value, "degC", 1);
}
