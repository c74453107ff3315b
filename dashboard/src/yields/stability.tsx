// Stability of the cells' yield over the years: mean relative yield and its variation.

import "../i18n/yields";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { useApi } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { reasonText, shareText } from "../i18n/numbers";
import { findTerm, methodText, translate } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import { classesBetween, spanText } from "./colour_classes";
import { GridMap, type GridLayer } from "./grid_map";
import { TIMEOUT_MS, yieldText, type Cells, type GridPlace, type Stability } from "./records";

/** Relative yield and coefficient of variation [%]. */
const RELATIVE_PCT = [80, 90, 100, 110, 120];
const VARIATION_PCT = [10, 20, 30];

interface StabilityProps {
  field: FieldRecord;
  settings: Record<string, string | number>;
}

export function StabilityPanel({ field, settings }: StabilityProps): JSX.Element {
  const params = { path: { field: field.id ?? "" }, query: settings };
  const found = useApi("/v1/fields/{field}/yield/stability", params, { timeoutMs: TIMEOUT_MS });
  return <Loaded state={found}>{(answer) => <StabilityOf field={field} found={answer} />}</Loaded>;
}

function StabilityOf({ field, found }: { field: FieldRecord; found: Stability }): JSX.Element {
  const grid = found.grid as { relative_pct: Cells; cv_pct: Cells } | null;
  const layers = useMemo((): GridLayer[] => {
    if (grid === null) return [];
    const text = (from: number | null, to: number | null): string => spanText(from, to, String, "%");
    return [
      {
        id: "relative",
        title: translate("yield_layer_relative"),
        values: grid.relative_pct,
        classes: classesBetween(RELATIVE_PCT, "differences", text),
      },
      {
        id: "variation",
        title: translate("yield_layer_cv"),
        values: grid.cv_pct,
        classes: classesBetween(VARIATION_PCT, "errors", text),
      },
    ];
  }, [found]);
  const textOf = (row: number, column: number): string | null => {
    const [relative, cv] = [grid?.relative_pct[row]?.[column], grid?.cv_pct[row]?.[column]];
    return typeof relative === "number" && typeof cv === "number"
      ? translate("yield_told_stability", { relative: shareText(relative / 100), cv: shareText(cv / 100) })
      : null;
  };
  return (
    <div class="stack">
      {grid === null ? (
        <p class="note" data-stability={found.reason}>
          {translate("yield_stability_none", { reason: reasonText(found.reason) })}
        </p>
      ) : (
        <GridMap field={field} place={found as GridPlace} layers={layers} textOf={textOf} />
      )}
      <table data-table="seasons">
        <thead>
          <tr>
            <th scope="col">{translate("yield_stability_season")}</th>
            <th scope="col" class="number">
              {translate("yield_mean")}
            </th>
            <th scope="col">{translate("yield_reason_or_used")}</th>
          </tr>
        </thead>
        <tbody>
          {found.seasons.map((season) => (
            <tr key={season.season}>
              <th scope="row">
                {translate("yield_season_option", { name: season.name, crop: findTerm("crops", season.crop) ?? season.crop })}
              </th>
              <td class="number">{season.mean_t_ha === null ? "—" : yieldText(season.mean_t_ha)}</td>
              <td>{season.reason === null ? translate("yield_stability_used") : reasonText(season.reason)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="note">{methodText(found.method)}</p>
    </div>
  );
}
