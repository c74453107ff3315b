// Answers about a house over the period of its page: irrigation, air exchange, targets and set points, uniformity.

import "../i18n/answers";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Body } from "../api/client";
import { useApi, type ApiState } from "../api/query";
import { useChoice, useView } from "../app/mount";
import { findingText } from "../components/finding_text";
import { formatInstant } from "../i18n/instants";
import { rangeText, unitText } from "../i18n/numbers";
import { indicesWhere } from "../i18n/quantities";
import { englishOnly, listText, term, translate } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import { useUniqueId } from "../ui/unique_id";
import { AnswerTable, notesOf } from "./answer_table";

/** A house, as the API knows it, and the period that its page displays. */
export interface HousePeriod {
  house: string;
  startMs: number;
  endMs: number;
  zone: string | null;
}

type HouseAnswers = Body<"/v1/greenhouses/{device}/irrigation">;

const TIMEOUT_MS = 120_000;

export function dayText(startMs: number): string {
  return formatInstant(startMs, { weekday: "short", month: "short", day: "numeric" });
}

function paramsOf({ house, startMs, endMs, zone }: HousePeriod) {
  return { path: { device: house }, query: { start: startMs, end: endMs, ...(zone === null ? {} : { zone }) } };
}

const options = { keep: true, timeoutMs: TIMEOUT_MS };

export function Irrigation({ period }: { period: HousePeriod }): JSX.Element {
  const [uptake, setUptake] = useChoice("uptake", "2");
  const [dose, setDose] = useChoice("dose");
  const { path, query } = paramsOf(period);
  const state = useApi(
    "/v1/greenhouses/{device}/irrigation",
    { path, query: { ...query, uptake_ml_j_cm2: Number(uptake), ...(dose === "" ? {} : { dose_l_m2: Number(dose) }) } },
    options,
  );
  return (
    <>
      <div class="choices-row">
        <NumberChoice label={translate("answers_uptake")} unit="ml/(J/cm²)/m²" value={uptake} min={0.5} max={4} onChange={setUptake} />
        <NumberChoice
          label={translate("answers_dose")}
          unit={unitText("L/m2")}
          value={dose}
          min={0.01}
          max={20}
          hint={translate("answers_dose_hint")}
          onChange={setDose}
        />
      </div>
      <HouseTable name={translate("answers_irrigation")} state={state} />
    </>
  );
}

export function Exchange({ period }: { period: HousePeriod }): JSX.Element {
  const [area, setArea] = useChoice("leaf_area");
  const [height, setHeight] = useChoice("height");
  const [transmission, setTransmission] = useChoice("light");
  const { path, query } = paramsOf(period);
  const state = useApi(
    "/v1/greenhouses/{device}/exchange",
    {
      path,
      query: {
        ...query,
        by: "day",
        leaf_area_index: Number(area),
        ...(height === "" ? {} : { height_m: Number(height) }),
        ...(transmission === "" ? {} : { transmission: Number(transmission) }),
      },
    },
    { ...options, enabled: Number(area) > 0 },
  );
  return (
    <>
      <div class="choices-row">
        <NumberChoice
          label={translate("answers_leaf_area")}
          value={area}
          min={0.1}
          max={10}
          hint={translate("answers_leaf_area_hint")}
          onChange={setArea}
        />
        <NumberChoice
          label={translate("answers_height")}
          unit="m"
          value={height}
          min={0.5}
          max={30}
          hint={translate("answers_height_hint")}
          onChange={setHeight}
        />
        <NumberChoice
          label={translate("answers_transmission")}
          value={transmission}
          min={0.01}
          max={1}
          hint={translate("answers_transmission_hint")}
          onChange={setTransmission}
        />
      </div>
      {Number(area) > 0 ? (
        <HouseTable name={translate("answers_exchange")} state={state} />
      ) : (
        <p class="note">{translate("answers_exchange_ask")}</p>
      )}
    </>
  );
}

/** Whether the climate was in the target band of the crop, and whether the computer held its set points. */
export function Compliance({ period }: { period: HousePeriod }): JSX.Element {
  const params = paramsOf(period);
  const daily = { ...params, query: { ...params.query, by: "day" as const } };
  const climate = useApi("/v1/greenhouses/{device}/climate", daily, options);
  const light = useApi("/v1/greenhouses/{device}/light", daily, options);
  const setpoints = useApi("/v1/greenhouses/{device}/compliance", daily, options);
  return (
    <>
      <h3>{translate("answers_crop_bands")}</h3>
      <Loaded state={climate}>
        {(answers) => {
          // Both answers are by the same local days.
          const lightOf = new Map(light.data?.items.map((item) => [item.window.start_ms, item]));
          const items = answers.items.map((item) => {
            const lit = lightOf.get(item.window.start_ms);
            return { ...item, answers: { ...item.answers, ...lit?.answers }, levels: { ...item.levels, ...lit?.levels } };
          });
          const targets = { ...answers.targets, ...light.data?.targets };
          return (
            <>
              <p class="note">
                {listText([answers.crop ? term("crops", answers.crop) : "", answers.stage ? term("crop_stages", answers.stage) : ""])}
              </p>
              <AnswerTable
                name={translate("answers_crop_bands")}
                items={items}
                wanted={indicesWhere(({ bandable, name }) => bandable && targets[name] !== undefined)}
                head={dayText}
                extra={{
                  head: translate("answers_target"),
                  cell: (index) => {
                    const target = targets[index];
                    if (target === undefined) return "—";
                    return (
                      <>
                        {rangeText(index, target.low, target.high)}
                        <span class="more">
                          {" "}
                          {[
                            term("crops", target.crop),
                            translate("answers_target_source", {
                              source: englishOnly(target.source) || translate("answers_target_known"),
                            }),
                          ].join(translate("comma"))}
                        </span>
                      </>
                    );
                  },
                }}
              />
            </>
          );
        }}
      </Loaded>
      <h3>{translate("answers_setpoints")}</h3>
      <HouseTable name={translate("answers_setpoints")} state={setpoints} />
    </>
  );
}

export function Uniformity({ period }: { period: HousePeriod }): JSX.Element {
  const params = paramsOf(period);
  const state = useApi("/v1/greenhouses/{device}/uniformity", { ...params, query: { ...params.query, by: "day" as const } }, options);
  return <HouseTable name={translate("answers_uniformity")} state={state} />;
}

function HouseTable({ name, state }: { name: string; state: ApiState<HouseAnswers> }): JSX.Element {
  const { farm } = useView();
  return (
    <Loaded state={state}>
      {(answers) => (
        <>
          <p class="note">
            {translate("answers_sources", { devices: listText(answers.devices.map((device) => farm.nameOf(device))) })}{" "}
            {answers.simulated ? <span class="badge">{translate("simulated")}</span> : null} {translate("answers_days_about")}
          </p>
          <AnswerTable name={name} items={answers.items} head={dayText} notes={notesOf(answers.notes, answers.notes_zh)} />
          <LeftOut findings={answers.left_out} />
        </>
      )}
    </Loaded>
  );
}

/** What was left out of an answer, and why. */
export function LeftOut({ findings }: { findings: HouseAnswers["left_out"] }): JSX.Element | null {
  const { farm } = useView();
  if (findings.length === 0) return null;
  return (
    <ul class="provenance">
      {findings.slice(0, 5).map((finding) => (
        <li key={`${finding.device} ${finding.channel} ${finding.test} ${finding.start_ms}`}>
          {findingText(finding, farm.nameOf(finding.device))}
        </li>
      ))}
    </ul>
  );
}

/** A number that an answer depends on; it is kept in the address, and asked with when it is entered. */
function NumberChoice({
  label,
  value,
  min,
  max,
  unit = "",
  hint = "",
  onChange,
}: {
  label: string;
  value: string;
  min: number;
  max: number;
  unit?: string;
  hint?: string;
  onChange: (value: string) => void;
}): JSX.Element {
  const id = useUniqueId();
  const [shown, setShown] = useState(value);
  return (
    <div class="labelled">
      <label for={id}>{unit === "" ? label : `${label} [${unit}]`}</label>
      <input
        id={id}
        type="number"
        inputMode="decimal"
        step="any"
        min={min}
        max={max}
        value={shown}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onInput={(event) => setShown(event.currentTarget.value)}
        onChange={(event) => {
          const entered = event.currentTarget;
          if (entered.checkValidity()) onChange(entered.value);
          else entered.reportValidity();
        }}
      />
      {hint ? (
        <span class="note" id={`${id}-hint`}>
          {hint}
        </span>
      ) : null}
    </div>
  );
}
