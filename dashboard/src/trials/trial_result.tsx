// Result of a trial: means with intervals, least significant difference, and the best nitrogen rate by prices.

import "../i18n/trials";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApi } from "../api/query";
import { ReportLinks } from "../components/report_links";
import { areaUnitsPerHa, numberText, shareText, withUnit } from "../i18n/numbers";
import { listText, term, translate } from "../i18n/translate";
import { NumberField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { Table, type Column } from "../ui/table";
import { ResponseChart } from "./response_chart";
import type { Estimate, Result, Trial } from "./records";

const DIGITS = 2;
const KG_T = 1000;
const MOST_PREDICTIONS = 5;
const NO_RESPONSE = ["places_of_strips", "too_few_in_blocks"] as const;
const UNITS = ["plot", "strip", "main_plot", "block"] as const;
const WITHIN = ["block", "main_plot", "trial"] as const;
const WHY = ["no_observations", "too_few_plots", "too_few_pairs", "not_numerical", "not_two_treatments"] as const;

interface TrialResultProps {
  trial: Trial;
  variable: { id?: string; name: string; unit?: string };
}

export function TrialResult({ trial, variable }: TrialResultProps): JSX.Element {
  const [prices, setPrices] = useState<{ nitrogen: number; grain: number } | null>(null);
  const query = {
    variable: variable.id ?? "",
    ...(prices === null ? {} : { nitrogen_price_kg: prices.nitrogen, grain_price_t: prices.grain }),
  };
  const result = useApi("/v1/trials/{thing}/result", { path: { thing: trial.id ?? "" }, query }, { keep: true });
  const rates = new Set((trial.treatments ?? []).map(({ n_kg_ha }) => n_kg_ha).filter((rate) => rate !== null && rate !== undefined));
  return (
    <section data-panel="trial-result">
      <h3>{`${translate("trial_result")} · ${variable.name}`}</h3>
      <Loaded state={result}>
        {(found) => (
          <>
            <Means result={found} unit={variable.unit ?? ""} first={trial.treatments?.[0]?.name ?? ""} />
            <Varieties result={found} unit={variable.unit ?? ""} />
            {rates.size > 2 && found.reason === null ? <Economics result={found} onPrices={setPrices} /> : null}
          </>
        )}
      </Loaded>
      <Papers trial={trial.id ?? ""} name={`${trial.name}-${variable.name}`} query={query} />
    </section>
  );
}

/** The paper of the result, with the same prices: for print, as PDF and as a table. */
function Papers({ trial, name, query }: { trial: string; name: string; query: Record<string, string | number> }): JSX.Element {
  return (
    <div class="buttons" data-part="papers">
      <ReportLinks path={`/v1/trials/${trial}/result`} name={name} query={query} />
    </div>
  );
}

function Means({ result, unit, first }: { result: Result; unit: string; first: string }): JSX.Element {
  const reason = WHY.find((each) => each === result.reason);
  const less = new Map(result.differences.map((each) => [each.treatment, each]));
  const value = (estimate: Estimate | undefined): string => (estimate === undefined ? "—" : numberText(estimate.value, DIGITS));
  const interval = (estimate: Estimate | undefined): string =>
    estimate === undefined ? "—" : `${numberText(estimate.low, DIGITS)} – ${numberText(estimate.high, DIGITS)}`;
  const level = shareText(result.level);
  const columns: Column<Estimate>[] = [
    { key: "treatment", head: translate("trial_treatment"), cell: (each) => each.treatment },
    {
      key: "mean",
      head: unit === "" ? translate("trial_mean") : `${translate("trial_mean")} [${unit}]`,
      number: true,
      cell: value,
      sortBy: (each) => each.value,
    },
    { key: "letters", head: translate("trial_letters"), cell: (each) => each.letters ?? "—" },
    { key: "interval", head: translate("trial_interval", { level }), number: true, cell: interval },
    {
      key: "less",
      head: translate("trial_difference", { name: first }),
      number: true,
      cell: (each) => {
        const difference = less.get(each.treatment);
        return difference === undefined ? "—" : `${value(difference)} (${interval(difference)})`;
      },
    },
    {
      key: "p",
      head: translate("trial_p"),
      number: true,
      cell: (each) => {
        const p = less.get(each.treatment)?.p;
        return p === null || p === undefined ? "—" : p < 0.001 ? "< 0.001" : numberText(p, 3);
      },
    },
  ];
  return (
    <>
      {reason === undefined ? null : <p class="note">{translate(`trial_why_${reason}`)}</p>}
      {result.means.length === 0 ? null : (
        <Table
          name={translate("trial_result")}
          rows={result.means}
          columns={columns}
          keyOf={(each) => each.treatment}
          sorted={{ key: "mean", descending: true }}
          scrolls
        />
      )}
      {result.lsd === null || result.lsd === undefined ? null : (
        <p data-lsd>{translate("trial_lsd", { value: `${numberText(result.lsd, DIGITS)} ${unit}` })}</p>
      )}
      {result.means.length > 0 ? <p class="note">{translate("trial_letters_about", { level })}</p> : null}
      {result.averaged > 0 ? <p class="note">{translate("trial_averaged", { count: result.averaged })}</p> : null}
      {result.missing.length > 0 && result.means.length > 0 ? (
        <p class="note">{translate("trial_missing", { names: result.missing.slice(0, 12).join(", ") })}</p>
      ) : null}
      {result.method ? <p class="note">{`${translate("trial_method")}: ${term("methods", result.method.id)}`}</p> : null}
    </>
  );
}

/** How far the differences of varieties are their own: nothing where treatments are no varieties. */
function Varieties({ result, unit }: { result: Result; unit: string }): JSX.Element | null {
  const { varieties } = result;
  if (result.varieties_reason === "too_few_varieties") return <p class="note">{translate("trial_too_few_varieties")}</p>;
  if (varieties === null || varieties === undefined) return null;
  const best = [...varieties.predictions].sort((a, b) => b.value - a.value).slice(0, MOST_PREDICTIONS);
  return (
    <div data-varieties>
      <p>{translate("trial_heritability", { value: numberText(varieties.heritability, 2), count: varieties.varieties })}</p>
      <p>
        {translate("trial_predicted", {
          names: listText(best.map(({ treatment, value }) => `${treatment} ${numberText(value, DIGITS)} ${unit}`)),
        })}
      </p>
      <p class="note">{`${translate("trial_method")}: ${term("methods", varieties.method.id)}`}</p>
    </div>
  );
}

function Economics({ result, onPrices }: { result: Result; onPrices: (prices: { nitrogen: number; grain: number }) => void }): JSX.Element {
  const { response } = result;
  const refused = NO_RESPONSE.find((each) => each === result.response_reason);
  const submit = async (values: FormValues): Promise<boolean> => {
    const nitrogen = values.number("nitrogen");
    const grain = values.number("grain");
    if (nitrogen !== null && grain !== null) onPrices({ nitrogen, grain });
    return false;
  };
  const rate = (value: number): string => withUnit(value, "kg/ha", areaUnitsPerHa() > 1 ? 1 : 0);
  return (
    <>
      <Form name="trial_result" submit={translate("trial_compute")} onSubmit={submit}>
        <div class="choices-row">
          <NumberField name="nitrogen" label={translate("trial_price_n")} unit="CNY" min={0.01} step="any" value={5} required />
          <NumberField name="grain" label={translate("trial_price_grain")} unit="CNY" min={0.01} step="any" value={2400} required />
        </div>
      </Form>
      {refused === undefined ? null : <p class="note">{translate(`trial_response_${refused}`)}</p>}
      {response === null || response === undefined ? null : response.reason === "no_response" ? (
        <p>{translate("trial_response_none")}</p>
      ) : (
        <>
          <p data-optimum>
            {translate("trial_optimum", {
              rate: rate(response.optimum_kg_ha),
              low: rate(response.optimum_low_kg_ha),
              high: rate(response.optimum_high_kg_ha),
              yield: withUnit(response.yield_at_optimum_t_ha * KG_T, "kg/ha", 0),
            })}
          </p>
          {response.reason === "beyond_rates" ? <p class="note">{translate("trial_response_beyond")}</p> : null}
          {response.low_is_open || response.high_is_open ? <p class="note">{translate("trial_open")}</p> : null}
          <p class="note" data-units>
            {translate(`trial_response_within_${WITHIN.find((each) => each === response.compared_within) ?? "trial"}`, {
              unit: translate(`trial_unit_${UNITS.find((each) => each === response.unit) ?? "plot"}`),
              n: response.n,
            })}
          </p>
          <p class="note">{`${translate("trial_method")}: ${term("methods", response.method.id)}`}</p>
          <ResponseChart response={response} />
        </>
      )}
    </>
  );
}
