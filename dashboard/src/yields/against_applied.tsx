// Yield of the cells against what a pass really applied to them.

import { chosenOf, newestOf } from "../components/choice";
import "../i18n/yields";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApi, useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { useFarm } from "../app/mount";
import { dateTimeText } from "../i18n/instants";
import { currentAreaUnit } from "../i18n/preferences";
import { numberText, reasonText, toAreaUnit, unitText, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { Loaded } from "../ui/loaded";
import { useUniqueId } from "../ui/unique_id";
import { TIMEOUT_MS, yieldDigits, yieldNumber, yieldText, yieldUnit, type AgainstApplied, type Harvest } from "./records";

const DAY_MS = 86_400_000;
const BEFORE_DAYS = 300;
const LISTED_DAYS = 398;

interface PanelProps {
  field: FieldRecord;
  harvest: Harvest;
  settings: Record<string, string | number>;
  startMs: number;
  endMs: number;
}

export function AgainstAppliedPanel({ field, harvest, settings, startMs, endMs }: PanelProps): JSX.Element {
  const farm = useFarm();
  const path = { field: field.id ?? "" };
  const start = Math.max(startMs - BEFORE_DAYS * DAY_MS, endMs - LISTED_DAYS * DAY_MS);
  const passes = useApiList("/v1/fields/{field}/passes", { path, query: { start, end: endMs } }, { timeoutMs: TIMEOUT_MS });
  const [chosen, setChosen] = useState<string | null>(null);
  const [swathM, setSwathM] = useState<number | null>(null);
  const [ids] = useState([useUniqueId(), useUniqueId()]);
  return (
    <Loaded state={passes}>
      {(list) => {
        const pass = chosenOf(list, chosen, newestOf(list));
        if (pass === undefined) return <p class="note">{translate("yield_applied_none")}</p>;
        const needsSwath = pass.implement === null;
        return (
          <div class="stack">
            <p class="note">{translate("yield_applied_about")}</p>
            <div class="choices-row">
              <Choice
                label={translate("yield_applied_pass")}
                value={pass.id}
                options={list.map(({ id, start_ms, device, evidence }) => ({
                  value: id,
                  text: [dateTimeText(start_ms), farm.nameOf(device), evidence ? term("evidence", evidence) : ""]
                    .filter(Boolean)
                    .join(" · "),
                }))}
                onChoose={setChosen}
              />
              {needsSwath ? (
                <div class="labelled">
                  <label for={ids[1]}>{`${translate("yield_applied_swath")} [${unitText("m")}]`}</label>
                  <input
                    id={ids[1]}
                    type="number"
                    min={0.5}
                    max={100}
                    step={0.1}
                    inputMode="decimal"
                    onChange={(event) => {
                      const { value, validity } = event.currentTarget;
                      setSwathM(value !== "" && validity.valid ? Number(value) : null);
                    }}
                  />
                </div>
              ) : null}
            </div>
            {needsSwath && swathM === null ? (
              <p class="note">{translate("yield_applied_swath_needed")}</p>
            ) : (
              <Comparison
                key={`${pass.id} ${swathM}`}
                field={path.field}
                query={{ ...harvest, ...settings, pass_id: pass.id, ...(needsSwath && swathM !== null ? { swath_m: swathM } : {}) }}
              />
            )}
          </div>
        );
      }}
    </Loaded>
  );
}

type Query = Record<string, string | number> & { pass_id: string };

function Comparison({ field, query }: { field: string; query: Query }): JSX.Element {
  const found = useApi("/v1/fields/{field}/yield/against-applied", { path: { field }, query }, { timeoutMs: TIMEOUT_MS });
  return (
    <Loaded state={found}>
      {(answer) => (
        <>
          <p data-slope={answer.slope_t_per_unit === null ? answer.reason : "given"}>{slopeText(answer)}</p>
          <Scatter answer={answer} />
        </>
      )}
    </Loaded>
  );
}

function slopeText(answer: AgainstApplied): string {
  const { slope_t_per_unit: slope, low_t_per_unit: low, high_t_per_unit: high } = answer;
  const cells = translate("yield_applied_cells", { count: numberText(answer.cells, 0) });
  if (slope === null || low === null || high === null)
    return `${translate("yield_slope_none", { reason: reasonText(answer.reason) })} ${cells}`;
  // A kilogram more a hectare is too little to be seen.
  const more = currentAreaUnit() === "mu" ? 1 : 10;
  const rate = toAreaUnit(1, `${answer.unit}/ha`);
  const step = more / rate.value;
  const text = (value: number): string => `${numberText(yieldNumber(value * step), yieldDigits() === 0 ? 1 : 3)} ${yieldUnit()}`;
  const sentence = translate("yield_slope", {
    rate: `${numberText(more, 0)} ${rate.unit}`,
    slope: text(slope),
    low: text(low),
    high: text(high),
    blocks: answer.blocks,
    side: withUnit(answer.block_m, "m", 0),
  });
  return [sentence, low <= 0 && high >= 0 ? translate("yield_slope_unclear") : "", cells].filter(Boolean).join(" ");
}

const WIDTH = 480;
const HEIGHT = 280;
const LEFT = 58;
const BOTTOM = 46;
const TOP = 26;
const RIGHT = 14;

function Scatter({ answer }: { answer: AgainstApplied }): JSX.Element | null {
  const { items, slope_t_per_unit: slope } = answer;
  if (items.length === 0) return null;
  const [applied, grown] = [items.map(({ applied_ha }) => applied_ha), items.map(({ yield_t_ha }) => yield_t_ha)];
  const [first, last] = spanOf(applied);
  const [low, high] = spanOf(grown);
  const x = (rate: number): number => LEFT + ((rate - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - BOTTOM - TOP);
  const dots = items.map((cell) => `M${x(cell.applied_ha).toFixed(1)} ${y(cell.yield_t_ha).toFixed(1)}h0`).join("");
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const line = (rate: number): number => mean(grown) + (slope ?? 0) * (rate - mean(applied));
  const [from, to] = [Math.min(...applied), Math.max(...applied)];
  const rateUnit = `${answer.unit}/ha`;
  const title = translate("yield_applied");
  return (
    <figure class="yield-scatter">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width="100%" role="img" aria-label={title}>
        <path d={dots} fill="none" stroke="currentColor" stroke-width="3.5" stroke-linecap="round" opacity="0.35" />
        {slope === null ? null : (
          <line x1={x(from)} x2={x(to)} y1={y(line(from))} y2={y(line(to))} stroke="currentColor" stroke-width="2" />
        )}
        <line x1={LEFT} x2={WIDTH - RIGHT} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM} stroke="currentColor" />
        <line x1={LEFT} x2={LEFT} y1={TOP} y2={HEIGHT - BOTTOM} stroke="currentColor" />
        {[first, (first + last) / 2, last].map((rate, index) => (
          <text
            key={rate}
            x={x(rate)}
            y={HEIGHT - BOTTOM + 18}
            font-size="15"
            text-anchor={index === 2 ? "end" : "middle"}
            fill="currentColor"
          >
            {numberText(toAreaUnit(rate, rateUnit).value, 1)}
          </text>
        ))}
        {[low, (low + high) / 2, high].map((value) => (
          <text key={value} x={LEFT - 5} y={y(value) + 5} font-size="15" text-anchor="end" fill="currentColor">
            {numberText(yieldNumber(value), yieldDigits() === 0 ? 0 : 1)}
          </text>
        ))}
        <text x={(LEFT + WIDTH) / 2} y={HEIGHT - 6} font-size="15" text-anchor="middle" fill="currentColor">
          {`${translate("yield_applied_axis")} [${toAreaUnit(1, rateUnit).unit}]`}
        </text>
        <text x={4} y={TOP - 9} font-size="15" fill="currentColor">
          {`${translate("yield_layer_yield")} [${yieldUnit()}]`}
        </text>
      </svg>
      <figcaption class="note">{translate("name_and_text", { name: translate("yield_mean"), text: yieldText(mean(grown)) })}</figcaption>
    </figure>
  );
}

function spanOf(values: readonly number[]): [number, number] {
  const [low, high] = values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);
  return high > low ? [low, high] : [low - 0.5, high + 0.5];
}
