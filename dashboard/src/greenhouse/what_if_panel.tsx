// What another setting would do in a greenhouse, by its climate model: a form, and figures with their intervals.

import "../i18n/greenhouse";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApi, useApiList } from "../api/query";
import type { paths } from "../api/schema";
import { windowText } from "../i18n/instants";
import { numberText, reasonText, withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { methodText, term, translate, type TextKey } from "../i18n/translate";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { Table } from "../ui/table";
import { ModelPart, type Registered } from "./what_if_model";
import type { GreenhouseItem } from "./records";

type Path = "/v1/greenhouses/{device}/what-if";
type Answer = paths[Path]["get"]["responses"]["200"]["content"]["application/json"];
type Question = NonNullable<paths[Path]["get"]["parameters"]["query"]>;
type Setting = Question["setting"];
type Figure = Answer["figures"][number];

const SETTINGS: readonly Setting[] = ["quilt_close_h", "quilt_open_h", "vent_above_degc", "screen_close_h", "night_degc"];
const USUAL: Readonly<Record<Setting, number>> = {
  quilt_close_h: 16.5,
  quilt_open_h: 8.5,
  vent_above_degc: 27,
  screen_close_h: 16,
  night_degc: 15,
};
const TIMEOUT_MS = 120_000;

export function WhatIfPanel({ house }: { house: GreenhouseItem }): JSX.Element {
  const houses = useApiList("/v1/greenhouses", {}, { enabled: house.registered });
  return (
    <>
      <h2>{translate("what_if")}</h2>
      <p class="note">{translate("what_if_about")}</p>
      {house.registered ? (
        <Loaded state={houses}>
          {(list) => {
            const record = list.find(({ id }) => id === house.id);
            return record === undefined ? null : <Asked house={record} />;
          }}
        </Loaded>
      ) : (
        <p class="note">{translate("what_if_not_registered")}</p>
      )}
    </>
  );
}

function Asked({ house }: { house: Registered }): JSX.Element {
  const [setting, setSetting] = useState<Setting>("quilt_close_h");
  const [question, setQuestion] = useState<Question | null>(null);
  if (house.climate_model === null) return <ModelPart house={house} />;
  const isHour = setting.endsWith("_h");
  const ask = (values: FormValues): boolean => {
    const changed = isHour ? hourOf(values.text("hour")) : values.number("degrees");
    if (changed !== null) setQuestion({ setting, changed, night: values.text("night") === "next" ? "next" : "last" });
    return false;
  };
  return (
    <>
      <ModelPart house={house} />
      <Form name="what_if" submit={translate("what_if_ask")} onSubmit={ask}>
        <div class="choices-row">
          <SelectField
            name="setting"
            label={translate("what_if_setting")}
            value={setting}
            options={SETTINGS.map((value) => ({ value, text: term("what_if_settings", value) }))}
            onSelect={(value) => setSetting(value as Setting)}
          />
          {isHour ? (
            <TextField
              key={setting}
              name="hour"
              type="time"
              label={translate("what_if_to_hour")}
              value={clockOf(USUAL[setting])}
              required
            />
          ) : (
            <NumberField
              key={setting}
              name="degrees"
              label={translate("what_if_to_degrees")}
              value={USUAL[setting]}
              min={0}
              max={50}
              step={0.5}
              unit="°C"
              required
            />
          )}
          <SelectField
            name="night"
            label={translate("what_if_night")}
            value="last"
            options={[
              { value: "last", text: translate("what_if_last") },
              { value: "next", text: translate("what_if_next") },
            ]}
          />
        </div>
      </Form>
      {question === null ? null : <Result house={house.id} question={question} />}
    </>
  );
}

function Result({ house, question }: { house: string; question: Question }): JSX.Element {
  const answer = useApi("/v1/greenhouses/{device}/what-if", { path: { device: house }, query: question }, { timeoutMs: TIMEOUT_MS });
  if (answer.loading) return <p role="status">{translate("what_if_computing")}</p>;
  return <Loaded state={answer}>{(found) => <Told answer={found} />}</Loaded>;
}

function Told({ answer }: { answer: Answer }): JSX.Element {
  const { setting, as_is: before, changed, figures, method, reason } = answer;
  const text = currentLanguage() === "en" ? answer.text : answer.text_zh;
  const value = (number: number): string => (setting.endsWith("_h") ? clockOf(number) : withUnit(number, "degC", 1));
  return (
    <div data-answer="what-if" data-basis={answer.basis} role="status">
      <h3>
        {translate("what_if_result", {
          setting: term("what_if_settings", setting),
          changed: value(changed),
          before: before === null || before === undefined ? translate("what_if_by_light") : value(before),
        })}
      </h3>
      <p class="note">{windowText(answer.start_ms, answer.end_ms)}</p>
      {figures.length === 0 ? (
        <p>{reasonText(reason)}</p>
      ) : (
        <Table
          name={translate("what_if")}
          rows={figures}
          keyOf={({ quantity }) => quantity}
          rowAttributes={({ quantity, is_told: told }) => ({ "data-quantity": quantity, "data-told": String(told) })}
          columns={[
            { key: "quantity", head: translate("what_if_quantity"), cell: nameOf },
            { key: "as_is", head: translate("what_if_as_is"), cell: (row) => <Amount figure={row} of="as_is" />, number: true },
            { key: "changed", head: translate("what_if_changed"), cell: (row) => <Amount figure={row} of="changed" />, number: true },
            {
              key: "difference",
              head: translate("what_if_difference"),
              cell: (row) => <Amount figure={row} of="difference" />,
              number: true,
            },
            {
              key: "measured",
              head: translate("what_if_measured"),
              cell: ({ measured, unit }) => (measured === null || measured === undefined ? "–" : withUnit(measured, unit, 1)),
              number: true,
            },
          ]}
        />
      )}
      <p class="note">{text}</p>
      <details class="how">
        <summary>{translate("method")}</summary>
        <p>{methodText(method)}</p>
      </details>
    </div>
  );
}

/** A number with its interval below it; without one it is whole. */
function Amount({ figure, of }: { figure: Figure; of: "as_is" | "changed" | "difference" }): JSX.Element {
  const { value, low, high } = figure[of];
  const unit = of === "difference" && figure.unit === "degC" ? "K" : figure.unit;
  const isWhole = low === null || low === undefined || high === null || high === undefined;
  const sign = of === "difference" && value > 0 ? "+" : "";
  return (
    <>
      {sign}
      {withUnit(value, unit, isWhole ? 0 : 1)}
      {isWhole ? null : (
        <span class="note"> ({translate("what_if_interval", { low: numberText(low, 1), high: numberText(high, 1) })})</span>
      )}
    </>
  );
}

function nameOf({ quantity, limit }: Figure): string {
  const unit = quantity === "humid_h" ? "%" : "degC";
  return translate(`what_if_${quantity}` as TextKey, limit === null || limit === undefined ? {} : { limit: withUnit(limit, unit, 0) });
}

function clockOf(hour: number): string {
  const minutes = Math.round(hour * 60);
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function hourOf(clock: string): number | null {
  const found = /^(\d{1,2}):(\d{2})/.exec(clock);
  return found === null ? null : Number(found[1]) + Number(found[2]) / 60;
}
