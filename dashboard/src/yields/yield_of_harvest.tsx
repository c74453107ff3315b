// Yield of one harvest: map with its layers, amounts and what they rest on.

import "../i18n/yields";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { useApi } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { errorText, request } from "../api/request";
import { useLastChoice, useView } from "../app/mount";
import type { Features } from "../components/map";
import { windowText } from "../i18n/instants";
import { areaText, massText, numberText, reasonText, shareText, unitText } from "../i18n/numbers";
import { methodText, term, translate } from "../i18n/translate";
import { LazyFold } from "../ui/lazy";
import { Facts, type Fact } from "../ui/facts";
import { NumberChoice } from "../ui/number_choice";
import { Loaded } from "../ui/loaded";
import { Cleaning, reasonMark } from "./cleaning";
import { classesBetween, roundEdges, spanText, type Ramp } from "./colour_classes";
import { GridMap, type GridLayer } from "./grid_map";
import { TIMEOUT_MS, yieldNumber, yieldText, yieldUnit, type Cells, type FieldYield, type Harvest } from "./records";

export function YieldOfHarvest({ field, harvest }: { field: FieldRecord; harvest: Harvest }): JSX.Element {
  const [scale, setScale] = useState<"harvests" | "sensor">("harvests");
  const [moisture, setMoisture] = useState<number | null>(null);
  const settings = { scale, ...(moisture === null ? {} : { standard_moisture_pct: moisture }) };
  const asked = { ...harvest, ...settings };
  const path = { field: field.id ?? "" };
  const answer = useApi("/v1/fields/{field}/yield", { path, query: asked }, { timeoutMs: TIMEOUT_MS, keep: true });
  return (
    <Loaded state={answer}>
      {(found) => (
        <>
          <div class="yield-layout">
            <YieldMap key={JSON.stringify(harvest)} field={field} found={found} query={asked} />
            <div class="stack">
              <Figures found={found} />
              <div class="choices-row">
                {found.weighing.source === "harvests" ? (
                  <label class="check">
                    <input
                      type="checkbox"
                      checked={scale === "harvests"}
                      onChange={(event) => setScale(event.currentTarget.checked ? "harvests" : "sensor")}
                    />{" "}
                    {translate("yield_scale")}
                  </label>
                ) : null}
                <NumberChoice
                  label={`${translate("yield_moisture")} [%]`}
                  min={0}
                  max={40}
                  step={0.1}
                  hint={translate("yield_moisture_hint")}
                  onNumber={setMoisture}
                />
              </div>
            </div>
          </div>
          <Cleaning found={found} />
          <LazyFold
            title={translate("yield_applied")}
            load={async () => (await import("./against_applied")).AgainstAppliedPanel}
            props={{ field, harvest, settings, startMs: found.start_ms, endMs: found.end_ms }}
          />
          <LazyFold
            title={translate("yield_stability")}
            load={async () => (await import("./stability")).StabilityPanel}
            props={{ field, settings }}
          />
          <details class="fold">
            <summary>{translate("method")}</summary>
            {found.methods.map((method) => (
              <p key={method.id} class="note">
                {methodText(method)}
              </p>
            ))}
          </details>
        </>
      )}
    </Loaded>
  );
}

interface YieldMapProps {
  field: FieldRecord;
  found: FieldYield;
  query: Record<string, string | number>;
}

function YieldMap({ field, found, query }: YieldMapProps): JSX.Element {
  const view = useView();
  const [shown, setShown] = useState(false);
  const [points, setPoints] = useState<Features | null>(null);
  const last = useLastChoice();
  const asked = JSON.stringify(query);
  useEffect(() => {
    setPoints(null);
    if (!shown) return;
    const options = { query: { ...query, format: "points" }, headers: { Accept: "*/*" }, timeoutMs: TIMEOUT_MS };
    void last
      .run(({ signal }) => request<Features>(`/v1/fields/${field.id}/yield`, { ...options, signal }))
      .then(
        (answer) =>
          answer &&
          setPoints({
            type: "FeatureCollection",
            features: answer.features
              .filter((each) => each.properties?.["reason"] !== null)
              .map((each) => ({ ...each, properties: reasonMark(String(each.properties?.["reason"])) })),
          }),
        (error: unknown) => view.showMessage(errorText(error)),
      );
    return () => last.end();
  }, [shown, asked]);
  const grid = found.grid as { yield_t_ha: Cells; error_t_ha: Cells } | null;
  const layers = useMemo((): GridLayer[] => {
    if (grid === null || found.reason !== null) return [];
    const unit = yieldNumber(1);
    const layerOf = (id: string, title: string, values: Cells, ramp: Ramp): GridLayer => {
      const edges = roundEdges(values, ramp, unit);
      const step = ((edges[1] ?? 0) - (edges[0] ?? 0)) * unit;
      const digits = step >= 1 || step <= 0 ? 0 : step >= 0.1 ? 1 : 2;
      const text = (value: number): string => numberText(yieldNumber(value), digits);
      return { id, title, values, classes: classesBetween(edges, ramp, (from, to) => spanText(from, to, text, yieldUnit())) };
    };
    return [
      layerOf("yield", translate("yield_layer_yield"), grid.yield_t_ha, "amounts"),
      layerOf("error", translate("yield_layer_error"), grid.error_t_ha, "errors"),
    ];
  }, [found]);
  const textOf = (row: number, column: number): string | null => {
    const [value, error] = [grid?.yield_t_ha[row]?.[column], grid?.error_t_ha[row]?.[column]];
    return typeof value === "number" && typeof error === "number"
      ? translate("yield_told", { value: yieldText(value), error: yieldText(error) })
      : null;
  };
  const kept = found.machines.reduce((sum, machine) => sum + machine.kept, 0);
  return (
    <div class="stack">
      {found.reason === null ? null : (
        <p class="warning-note">{translate("yield_no_map", { reason: reasonText(found.reason), kept: numberText(kept, 0) })}</p>
      )}
      <GridMap field={field} place={found} layers={layers} textOf={textOf} points={points} />
      <label class="check">
        <input type="checkbox" checked={shown} onChange={(event) => setShown(event.currentTarget.checked)} />{" "}
        {translate("yield_layer_removed")}
      </label>
    </div>
  );
}

function Figures({ found }: { found: FieldYield }): JSX.Element {
  const { weighing, total, mean } = found;
  const rows: Fact[] = [
    [
      translate("yield_mean"),
      mean.value === null ? reasonText(mean.reason) : yieldText(mean.value),
      found.standard_moisture_pct === null
        ? translate("yield_wet")
        : translate("yield_standard", { moisture: `${numberText(found.standard_moisture_pct, 1)} %` }),
    ],
    [
      translate("yield_total"),
      total.value === null ? reasonText(total.reason) : massText(total.value),
      total.evidence ? term("evidence", total.evidence) : undefined,
    ],
    [translate("yield_at_sensor"), massText(found.sensor_t)],
    [translate("yield_on_scale"), weighing.kg === null ? "—" : massText(weighing.kg / 1000)],
    [translate("yield_on_map"), massText(found.map_t), translate("yield_on_map_note")],
    [
      translate("yield_cut"),
      translate("yield_cut_of", {
        cut: areaText(found.cut_m2),
        all: areaText(found.field_m2),
        share: shareText(found.field_m2 > 0 ? found.cut_m2 / found.field_m2 : 0),
      }),
    ],
    [translate("yield_coverage"), shareText(mean.coverage)],
    [translate("yield_quality"), term("quality", mean.quality ?? 1)],
  ];
  const error = medianOf((found.grid?.error_t_ha ?? []) as Cells);
  if (error !== null) rows.push([translate("yield_cell_error"), translate("yield_cell_error_note", { value: yieldText(error) })]);
  rows.push([translate("yield_cells"), `${numberText(found.cell_m, 0)} ${unitText("m")}`]);
  return (
    <div class="stack" data-figures="yield">
      <p class="note">
        {windowText(found.start_ms, found.end_ms)}
        {found.simulated ? (
          <>
            {" "}
            <span class="badge" title={translate("simulated_hint")}>
              {translate("simulated")}
            </span>
          </>
        ) : null}
      </p>
      <Facts class="yield-figures" rows={rows} />
      <p class={weighing.used ? "note" : "warning-note"} data-weighing={weighing.used ? weighing.source : weighing.reason}>
        {weighingText(found)}
      </p>
    </div>
  );
}

function weighingText({ weighing, calibration }: FieldYield): string {
  const factor = numberText(calibration, 3);
  if (!weighing.used) return translate("yield_not_scaled", { reason: reasonText(weighing.reason) });
  if (weighing.source === "given") return translate("yield_scaled_given", { factor });
  const time = windowText(weighing.first_ms ?? 0, weighing.last_ms ?? 0);
  return translate("yield_scaled_harvests", { count: weighing.harvests.length, time, factor });
}

function medianOf(cells: Cells): number | null {
  const known = cells.flatMap((row) => row.filter((value): value is number => value !== null)).sort((a, b) => a - b);
  return known[Math.floor(known.length / 2)] ?? null;
}
