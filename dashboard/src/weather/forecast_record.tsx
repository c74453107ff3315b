// How good the forecast of a site was: errors by hours ahead, of the corrected one beside the provider's own and simple expectations.

import "../i18n/weather";
import type { JSX } from "preact";
import type { Body } from "../api/client";
import { useApi } from "../api/query";
import { useView } from "../app/mount";
import { dateText } from "../i18n/instants";
import { numberText, shareText, unitText, withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { digitsOf } from "../i18n/quantities";
import { channelName, methodText, translate, type TextKey } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import { Table, type Column } from "../ui/table";

type Record = Body<"/v1/sites/{site}/weather-forecast/record">;
type Quantity = Record["quantities"][number];
type Lead = Quantity["leads"][number];
type ErrorOf = Lead["provider"];

const TIMEOUT_MS = 120_000;
const EVERY_MS = 3_600_000;

export function ForecastRecord({ site }: { site: string }): JSX.Element {
  const state = useApi("/v1/sites/{site}/weather-forecast/record", { path: { site } }, { everyMs: EVERY_MS, timeoutMs: TIMEOUT_MS });
  return (
    <section class="card" data-panel="forecast-record">
      <h2>{translate("weather_record")}</h2>
      <Loaded state={state}>{(record) => <Told record={record} />}</Loaded>
    </section>
  );
}

function Told({ record }: { record: Record }): JSX.Element {
  const { window, quantities, attribution } = record;
  if (quantities.length === 0)
    return <p class="note">{record.reason === null ? translate("weather_record_none") : textOf(record.text, record.text_zh)}</p>;
  // The last day of the window is the one before its end.
  const days = `${dateText(window.start_ms)} – ${dateText(window.end_ms - 1)}`;
  return (
    <>
      <p class="note">
        {translate("weather_record_about", { window: days })}{" "}
        {record.simulated ? <span class="badge">{translate("simulated")}</span> : null}{" "}
        {attribution === null ? null : textOf(attribution.text, attribution.text_zh)}
      </p>
      {quantities.map((quantity) => (
        <QuantityRecord key={quantity.quantity} quantity={quantity} />
      ))}
      <details class="how">
        <summary>{translate("method")}</summary>
        <p>{methodText(record.method)}</p>
      </details>
    </>
  );
}

function QuantityRecord({ quantity }: { quantity: Quantity }): JSX.Element {
  const { farm } = useView();
  const { leads, state, station } = quantity;
  // Differences of temperatures are in kelvin.
  const unit = quantity.unit === "degC" ? "K" : quantity.unit;
  const error = (key: "corrected" | "provider" | "persistence" | "yesterday", head: TextKey): Column<Lead> => ({
    key,
    head: `${translate(head)} [${unitText(unit)}]`,
    number: true,
    cell: (lead) => errorText(lead[key], unit, key === "corrected" || key === "provider"),
  });
  return (
    <div data-record={quantity.quantity} data-state={state}>
      <h3>{channelName(quantity.quantity)}</h3>
      <p>
        {textOf(quantity.text, quantity.text_zh)}{" "}
        {station === null ? null : <span class="note">{translate("weather_record_station", { station: farm.nameOf(station) })}</span>}
      </p>
      {leads.length === 0 ? null : (
        <Table
          name={`${translate("weather_record")} – ${channelName(quantity.quantity)}`}
          rows={leads}
          keyOf={({ first_h }) => String(first_h)}
          scrolls
          columns={[
            { key: "ahead", head: translate("weather_record_ahead"), cell: ({ first_h, last_h }) => `${first_h}–${last_h}` },
            error("corrected", "weather_record_used"),
            error("provider", "weather_record_provider"),
            error("persistence", "weather_record_persistence"),
            error("yesterday", "weather_record_yesterday"),
            { key: "coverage", head: translate("weather_record_coverage"), number: true, cell: ({ coverage }) => shareText(coverage) },
            { key: "n", head: translate("weather_record_n"), number: true, cell: ({ n }) => numberText(n, 0) },
          ]}
        />
      )}
    </div>
  );
}

/** Return a mean error, with the mean of the errors where that is asked for. */
function errorText(error: ErrorOf, unit: string, withBias: boolean): string {
  const digits = Math.max(1, digitsOf(unit));
  const text = numberText(error.mean_absolute, digits);
  return withBias ? translate("weather_record_bias", { error: text, bias: withUnit(error.bias, unit, digits) }) : text;
}

function textOf(english: string, chinese: string): string {
  return currentLanguage() === "en" ? english : chinese;
}
