// The plan of a field as one path of five steps, of which one is open; a closed step is one line with its answer.

import "../i18n/field_work";
import "../i18n/plan";
import "./plan.css";
import type { ComponentChildren, JSX } from "preact";
import { printing } from "../ui/printing";
import type { FieldRecord } from "../api/registry";
import { areaText } from "../i18n/numbers";
import { findTerm, listText, term, translate } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { Loaded } from "../ui/loaded";
import { FlightStep } from "./flight_step";
import { MissionStep } from "./mission_step";
import { missionTitle } from "./mission_title";
import { NeedStep } from "./need_step";
import { labelOf, numberOf } from "./number_row";
import { STEPS, type Draft, type Plan, type Step } from "./plan_state";
import { RateStep } from "./rate_step";
import { SeasonStep } from "./season_step";

export function PlanPath({ field, draft }: { field: FieldRecord; draft: Draft }): JSX.Element {
  return (
    <section class="plan-path" data-panel="plan" aria-labelledby="plan-title">
      <h2 id="plan-title">{translate("plan_title")}</h2>
      <p class="note">{translate("plan_about")}</p>
      <Loaded state={draft.state}>{(plan) => <Steps field={field} plan={plan} draft={draft} />}</Loaded>
      <ErrorText error={draft.error ?? ""} />
    </section>
  );
}

function Steps({ field, plan, draft }: { field: FieldRecord; plan: Plan; draft: Draft }): JSX.Element {
  // A step that has nothing to rest on yet does not open.
  const last = STEPS.indexOf(plan.mission?.prescription ? "flight" : plan.season === null ? "season" : "prescription");
  const asked = draft.open === "" ? plan.step : draft.open;
  const open = STEPS.indexOf(asked) <= last ? asked : plan.step;
  return (
    <ol class="plan-steps" data-busy={draft.saving || draft.state.busy ? "yes" : "no"} data-step={open}>
      {STEPS.map((step, index) => (
        <OneStep
          key={step}
          step={step}
          number={index + 1}
          open={step === open || (printing.value && index <= last)}
          done={index < STEPS.indexOf(open)}
          answer={answerOf(step, plan)}
          onOpen={index <= last ? () => draft.show(step) : null}
        >
          {step === "season" ? (
            <SeasonStep plan={plan} draft={draft} />
          ) : step === "need" ? (
            <NeedStep plan={plan} draft={draft} />
          ) : step === "prescription" ? (
            <RateStep field={field} plan={plan} draft={draft} />
          ) : step === "mission" ? (
            <MissionStep plan={plan} draft={draft} />
          ) : (
            <FlightStep field={field} plan={plan} draft={draft} />
          )}
        </OneStep>
      ))}
    </ol>
  );
}

interface StepProps {
  step: Step;
  number: number;
  open: boolean;
  done: boolean;
  answer: string;
  onOpen: (() => void) | null;
  children: ComponentChildren;
}

function OneStep({ step, number, open, done, answer, onOpen, children }: StepProps): JSX.Element {
  const title = translate(`plan_step_${step}`);
  return (
    <li class="card plan-step" data-plan-step={step} data-open={open ? "yes" : "no"} aria-current={open ? "step" : undefined}>
      {open || onOpen === null ? (
        <h3>
          <span class="plan-number">{number}</span> {title}
          {open && !printing.value ? null : <small>{answer}</small>}
        </h3>
      ) : (
        <button type="button" class="plan-closed" onClick={onOpen}>
          <span class="plan-number">{done ? "✓" : number}</span>
          <span>
            <b>{title}</b>
            <small>{answer}</small>
          </span>
          <span class="plan-change">{translate("plan_change")}</span>
        </button>
      )}
      {open ? <div class="stack">{children}</div> : null}
    </li>
  );
}

function answerOf(step: Step, plan: Plan): string {
  const { season, need, rates, mission } = plan;
  if (season === null || need === null || rates === null || mission === null) return step === "season" ? translate("plan_season_none") : "";
  if (step === "season") {
    const crop = findTerm("crops", season.crop) ?? season.crop;
    const sown = season.sowing_date === null ? "" : translate("plan_sown", { date: season.sowing_date });
    return [crop, sown, areaText(season.area_m2)].filter(Boolean).join(" · ");
  }
  if (step === "need") {
    if (need.now.value === null) return missingText(plan);
    return translate("plan_need_answer", { now: numberOf(need.now), given: numberOf(need.given_n) });
  }
  if (step === "prescription")
    return rates.rate.value === null || rates.product === null ? "" : `${rates.product.name} ${numberOf(rates.rate)}`;
  if (step === "mission") return mission.minutes.value === null ? "" : missionTitle(plan);
  return plan.flown.map(({ state }) => term("pass_states", state)).at(-1) ?? "";
}

function missingText({ need }: Plan): string {
  return need === null || need.missing.length === 0 ? "" : translate("plan_need_missing", { names: listText(need.missing.map(labelOf)) });
}
