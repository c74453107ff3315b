// Late blight weather and harvest of a field by day: how many hours of each were measured, are forecast, or are missing.

import "../i18n/answers";
import "../i18n/field_outlook";
import type { JSX } from "preact";
import type { Body } from "../api/client";
import { formatInstant } from "../i18n/instants";
import { numberText, reasonText, withUnit } from "../i18n/numbers";
import { channelName, methodText, translate, type TextKey } from "../i18n/translate";
import { Table, type Column } from "../ui/table";
import { ForecastSource } from "./forecast_source";
import { hourText } from "./next_hours";

export type Outlook = Body<"/v1/fields/{thing}/weather-outlook">;
type BlightDay = Outlook["disease"][number];
type HarvestDay = Outlook["harvest"][number];

interface Day {
  start_ms: number;
  end_ms: number;
  rain_mm: number | null;
  measured_h: number;
  forecast_h: number;
  missing_h: number;
}

export function BlightDays({ outlook }: { outlook: Outlook }): JSX.Element {
  return (
    <div data-panel="field-blight">
      <h3>{translate("outlook_blight")}</h3>
      <p class="note">{translate("outlook_blight_about")}</p>
      <Table
        name={translate("outlook_blight")}
        rows={outlook.disease}
        keyOf={({ start_ms }) => String(start_ms)}
        rowAttributes={({ reason }) => ({ "data-reason": reason ?? "" })}
        columns={[
          DAY,
          { key: "period", head: translate("outlook_blight_period"), cell: periodText },
          { key: "severity", head: translate("outlook_blight_severity"), number: true, cell: ({ severity }) => valueText(severity, "1") },
          { key: "humid", head: translate("outlook_blight_humid"), number: true, cell: ({ humid_h }) => valueText(humid_h, "h") },
          RAIN,
          HOURS,
        ]}
      />
      <Basis outlook={outlook} method={outlook.disease_method} />
    </div>
  );
}

export function HarvestDays({ outlook }: { outlook: Outlook }): JSX.Element {
  return (
    <div data-panel="field-harvest">
      <h3>{translate("outlook_harvest")}</h3>
      <p class="note">{translate("outlook_harvest_about")}</p>
      <Table
        name={translate("outlook_harvest")}
        rows={outlook.harvest}
        keyOf={({ start_ms }) => String(start_ms)}
        rowAttributes={({ state }) => ({ "data-state": state })}
        columns={[
          DAY,
          { key: "state", head: translate("outlook_harvest_state"), cell: harvestText },
          { key: "stored", head: translate("outlook_harvest_stored"), number: true, cell: ({ stored_h }) => valueText(stored_h, "h") },
          RAIN,
          HOURS,
        ]}
      />
      <Basis outlook={outlook} method={outlook.harvest_method} />
    </div>
  );
}

const DAY: Column<Day> = {
  key: "day",
  get head() {
    return translate("outlook_day");
  },
  // The middle of the day: it is a day of the site, wherever the page is read.
  cell: ({ start_ms: startMs, end_ms: endMs }) =>
    formatInstant((startMs + endMs) / 2, { weekday: "short", month: "short", day: "numeric" }),
};

const RAIN: Column<Day> = {
  key: "rain",
  get head() {
    return channelName("rain_mm");
  },
  number: true,
  cell: ({ rain_mm }) => (rain_mm === null ? "—" : withUnit(rain_mm, "mm", 1)),
};

const HOURS: Column<Day> = {
  key: "hours",
  get head() {
    return translate("outlook_hours_known");
  },
  cell: ({ measured_h, forecast_h, missing_h }) => {
    const hours = translate("outlook_hours_of", { measured: numberText(measured_h, 0), forecast: numberText(forecast_h, 0) });
    return missing_h === 0 ? hours : translate("outlook_hours_missing", { hours, missing: numberText(missing_h, 0) });
  },
};

/** The stricter period is named: each Smith period is a Hutton period, too. */
function periodText({ reason, smith_period: isSmith, hutton_period: isHutton }: BlightDay): string {
  if (reason !== null || isHutton === null) return reasonText(reason);
  return translate(isSmith ? "outlook_blight_smith" : isHutton ? "outlook_blight_hutton" : "outlook_blight_no_period");
}

function harvestText({ state, harvest_h: hours, first_ms: firstMs }: HarvestDay): JSX.Element {
  const run =
    hours === null
      ? ""
      : firstMs === null
        ? translate("outlook_harvest_run_none")
        : translate("outlook_harvest_run", { hours: numberText(hours, 0), from: hourText(firstMs) });
  return (
    <>
      <span class="state-text" data-state={state}>
        {translate(`answers_window_${state}` as TextKey)}
      </span>{" "}
      {run}
    </>
  );
}

function valueText(value: number | null, unit: string): string {
  return value === null ? "—" : withUnit(value, unit, 0);
}

function Basis({ outlook, method }: { outlook: Outlook; method: Outlook["disease_method"] }): JSX.Element {
  return (
    <>
      <ForecastSource source={outlook.source} />
      <details class="how">
        <summary>{translate("method")}</summary>
        <p>{methodText(method)}</p>
      </details>
    </>
  );
}
