// The head of a greenhouse's page: its state and next action, the plan by hour, and the charts that say why, on one axis.

import "../i18n/energy";
import "../i18n/house";
import "../i18n/today";
import "../today/pictures.css";
import "./house.css";
import type { JSX } from "preact";
import { may } from "../api/may";
import { useApi } from "../api/query";
import { hrefOf } from "../app/address";
import { numberText } from "../i18n/numbers";
import { listText, term, translate } from "../i18n/translate";
import { LazyFold } from "../ui/lazy";
import { Guarded, Loaded } from "../ui/loaded";
import { recordText } from "../today/farm_row";
import { NextAction } from "../today/next_action";
import { textOf, type Row, type Strip } from "../today/records";
import { STATE_TEXT, StateMark } from "../today/state_mark";
import { TimeScale } from "../today/time_scale";
import { ChartOnAxis, type Target } from "./chart_on_axis";
import { PlanLanes } from "./plan_lanes";
import type { Plan } from "./records";
import { RightNow } from "./right_now";

const EVERY_MS = 60_000;

interface HouseTopProps {
  house: { id: string; name: string };
  /** Whether the farm has no other house. */
  isOnly: boolean;
}

export function HouseTop({ house, isOnly }: HouseTopProps): JSX.Element {
  const today = useApi("/v1/today", {}, { everyMs: EVERY_MS, keep: true });
  const row = today.data?.rows.find(({ kind, id }) => kind === "greenhouse" && id === house.id);
  return (
    <div class="house-top">
      <header class={row === undefined ? "house-head" : `house-head is-${row.state}`} data-state={row?.state}>
        <div>
          <h1>
            {row === undefined ? null : <StateMark state={row.state} />}
            <span class="house-name">{house.name}</span>
          </h1>
          <p class="about">
            {isOnly ? null : <a href={hrefOf("greenhouse")}>{translate("house_all")}</a>}
            {row === undefined ? null : (
              <>
                {" "}
                {row.crop === null ? "" : term("crops", row.crop)} <span class="word">{translate(STATE_TEXT[row.state])}</span>{" "}
                <span class="sure">{recordText(row)}</span>
              </>
            )}
          </p>
        </div>
        {row === undefined || today.data === undefined ? null : (
          <ActionCard row={row} nowMs={today.data.now_ms} zone={today.data.time_zone} />
        )}
      </header>
      <Columns house={house.id} />
      <LazyFold
        class="card fold-card"
        title={translate("energy_title")}
        load={async () => (await import("./energy_panel")).EnergyPanel}
        props={{ house: house.id }}
      />
      <LazyFold
        class="card fold-card"
        title={translate("house_statements")}
        load={async () => (await import("../today/row_rest")).RowRest}
        props={{ subject: { kind: "greenhouse", id: house.id } as const }}
      />
    </div>
  );
}

function ActionCard({ row, nowMs, zone }: { row: Row; nowMs: number; zone: string }): JSX.Element {
  return (
    <div class="card action-card farm-row">
      <NextAction row={row} nowMs={nowMs} zone={zone} isOpen={false} onOpen={null} />
    </div>
  );
}

function Columns({ house }: { house: string }): JSX.Element {
  const path = "/v1/greenhouses/{device}/plan";
  const state = useApi(path, { path: { device: house } }, { everyMs: EVERY_MS, enabled: may("get", path) });
  return (
    <div class="house-columns">
      <div>
        <Loaded state={state}>{(plan) => <PlanAndCharts plan={plan} />}</Loaded>
      </div>
      <div>
        <RightNow house={house} />
      </div>
    </div>
  );
}

function PlanAndCharts({ plan }: { plan: Plan }): JSX.Element {
  const { strip, reason } = plan;
  const scale = new TimeScale(strip?.start_ms ?? plan.now_ms, strip?.end_ms ?? plan.end_ms, plan.now_ms, plan.time_zone);
  return (
    <>
      {plan.lanes.length === 0 ? (
        <section class="card" data-panel="plan">
          <h2>{translate("house_plan")}</h2>
          <p class="note">{reason === null ? translate("house_no_plan") : textOf(reason)}</p>
        </section>
      ) : (
        <Guarded>
          <PlanLanes plan={plan} scale={scale} />
        </Guarded>
      )}
      {strip === null ? null : <Charts strip={strip} questions={plan.questions} scale={scale} cover={plan.cover_degc} />}
    </>
  );
}

interface ChartsProps {
  strip: Strip;
  questions: Row["questions"];
  scale: TimeScale;
  /** Temperature of the cover at the instants of the strip. */
  cover?: readonly (number | null)[] | null;
  targets?: readonly Target[];
}

function Charts({ strip, questions, scale, cover = null, targets = [] }: ChartsProps): JSX.Element | null {
  const { house: curve, night } = strip;
  if (curve === null) return null;
  const label = textOf({ text: strip.label, text_zh: strip.label_zh });
  const { hazards } = curve;
  const wetText = hazards.wet.map(([from, to]) => translate("house_leaf_wet", { from: scale.clock(from), to: scale.clock(to) })).join(" ");
  const nowTarget = targets.find(({ from_ms, to_ms }) => from_ms <= scale.nowMs && scale.nowMs < to_ms);
  const known = curve.air_degc.filter((value) => value !== null);
  const air =
    known.length === 0
      ? translate("house_no_values")
      : `${translate("house_air")} ${numberText(Math.min(...known), 1)}–${numberText(Math.max(...known), 1)}°`;
  const shared = { timesMs: curve.time_ms, night, scale };
  return (
    <>
      <ChartOnAxis
        {...shared}
        panel="leaf"
        title={translate("house_leaf_chart")}
        label={listText([label, wetText])}
        lines={[
          {
            name: translate("house_leaf"),
            class: curve.leaf_estimated ? "leaf-line estimated" : "leaf-line",
            values: curve.leaf_degc,
            ...(curve.leaf_estimated ? { note: translate("house_leaf_estimated") } : {}),
          },
          { name: translate("house_dew_point"), class: "dew-line", values: curve.dew_point_degc },
          ...(cover === null
            ? []
            : [{ name: translate("house_cover"), class: "cover-line", values: cover, note: translate("house_leaf_estimated") }]),
        ]}
        wet={{ spans: hazards.wet, text: wetText }}
        note={questions.length === 0 ? null : <CoverQuestion questions={questions} />}
      />
      <ChartOnAxis
        {...shared}
        panel="climate-ahead"
        title={translate("house_climate_chart")}
        label={air}
        lines={[
          {
            name: translate("house_air"),
            class: "leaf-line",
            values: curve.air_degc,
            low: curve.air_low_degc,
            high: curve.air_high_degc,
            ...(nowTarget === undefined ? {} : { note: translate("house_target", { low: nowTarget.low_degc, high: nowTarget.high_degc }) }),
          },
        ]}
        targets={targets}
        note={curve.air_low_degc.some((value) => value !== null) ? translate("house_range") : null}
      />
    </>
  );
}

/** A cover that nobody declared is a question, not trouble. */
function CoverQuestion({ questions }: { questions: Row["questions"] }): JSX.Element {
  return (
    <>
      {questions.map((question) => (
        <a key={question.kind} href={hrefOf("settings", { tab: "houses" })}>
          {textOf(question)}
        </a>
      ))}
    </>
  );
}
