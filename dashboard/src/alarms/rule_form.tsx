// Form of an alarm rule with one condition; a rule of several conditions keeps them and changes the rest. A preview says what it would have raised.

import "../i18n/alarms";
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { useFarm } from "../app/mount";
import { ruleConditionLines, whatText, type RuleCondition } from "../components/alarm_text";
import { collator } from "../i18n/formatters";
import { currentLanguage } from "../i18n/preferences";
import { unitText } from "../i18n/numbers";
import { findQuantity, indicesWhere, unitOfName } from "../i18n/quantities";
import { findTerm, term, translate } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, FormValues } from "../ui/form";
import { noteSaved } from "../ui/overlays";
import { ForecastFields, forecastOptions } from "./forecast_fields";
import { SEVERITIES } from "./message_fields";
import { DAY_MS, onlyCondition, type Rule } from "./records";
import { QuantityField } from "./quantity_field";
import { RuleTestResult, TEST_TIMEOUT_MS, type RuleTest } from "./rule_test";

const PREVIEW_DAYS = 30;
const MINUTE_S = 60;
/** Times without data. */
const AGES = new Set(["age_s", "overdue_s"]);

const PLAIN: RuleCondition = {
  what: "",
  below: null,
  above: null,
  hysteresis: 0,
  hours: null,
  of_hours: null,
  of: null,
  rise_h: null,
  device: null,
  across: null,
  within_h: null,
  chance_pct: null,
  any_of: [],
  none_of: [],
};

/** Return what may be compared without being seen yet: what is computed of a device, and the quantities that are charted. */
function usual(): string[] {
  return indicesWhere(({ alarmable, section, bandable }) => (alarmable && section !== "gateway") || bandable);
}

type Draft = Partial<Rule> & Pick<Rule, "name" | "any_of">;

export function RuleForm({ rule, onDone }: { rule: Rule | null; onDone: () => void }): JSX.Element {
  const farm = useFarm();
  const place = useRef<HTMLDivElement>(null);
  const recipients = useApiList("/v1/alarm-recipients", {});
  const condition = rule === null ? null : onlyCondition(rule);
  const keeps = rule !== null && condition === null;
  const [what, setWhat] = useState(condition?.what ?? "air_temperature_degc");
  const [basis, setBasis] = useState(condition?.within_h == null ? "measured" : "forecast");
  const isForecast = basis === "forecast";
  const [result, setResult] = useState<RuleTest | null>(null);
  const add = useWrite("post", "/v1/alarm-rules", { refresh: ["/v1/alarm-rules"] });
  const change = useWrite("put", "/v1/alarm-rules/{thing}", { refresh: ["/v1/alarm-rules"] });
  const test = useWrite("post", "/v1/alarm-rules/replay", { timeoutMs: TEST_TIMEOUT_MS });
  const unit = unitOfName(what);
  const scale = unit === "s" ? MINUTE_S : 1;
  const draftOf = (values: FormValues): Draft => draftFrom(values, rule, keeps, what, scale, isForecast);
  const chooseBasis = (chosen: string): void => {
    setBasis(chosen);
    setResult(null);
    if (chosen === "forecast" && !forecastOptions().some(({ value }) => value === what)) setWhat("air_temperature_degc");
  };
  const preview = async (): Promise<void> => {
    const form = place.current?.querySelector("form");
    if (!form) return;
    const end = Math.floor(nowMs());
    const query = { start: end - PREVIEW_DAYS * DAY_MS, end };
    const found = await test.run({ params: { query }, body: draftOf(new FormValues(new FormData(form))) as never });
    setResult(found === null || found === true ? null : found);
  };
  const submit = async (values: FormValues): Promise<boolean> => {
    const draft = draftOf(values);
    const saved =
      rule === null
        ? await add.run({ body: draft as never })
        : await change.run({ params: { path: { thing: rule.id } }, body: { ...rule, ...draft } as never, version: rule.version });
    if (!noteSaved(saved)) return false;
    onDone();
    return true;
  };
  const seen = new Set(
    [...farm.latest.values()].flatMap((channels) => Object.keys(channels).map((channel) => channel.split(":")[0] ?? "")),
  );
  const offered = [...new Set([...usual(), ...(condition ? [condition.what] : []), ...seen])]
    .filter((each) => findQuantity(each) !== undefined)
    .map((value) => ({ value, text: whatText(value) }))
    .sort((a, b) => collator().compare(a.text, b.text));
  const subjects = [
    ...["greenhouse", "weather", "drone", "soil"]
      .filter((kind) => findTerm("device_kinds", kind))
      .map((kind) => ({
        value: `kind:${kind}`,
        text: translate("alarms_all_of_kind", { kind: term("device_kinds", kind) }),
      })),
    ...[...farm.devices.values()].map((device) => ({ value: `device:${device.id}`, text: farm.nameOf(device.id) })),
  ];
  const subject = rule?.device ? `device:${rule.device}` : rule?.kind ? `kind:${rule.kind}` : "";
  const threshold = condition === null ? null : (condition.below ?? condition.above);
  return (
    <div ref={place}>
      <Form name="alarm_rule" submit={translate("save")} write={rule === null ? add : change} onSubmit={submit} onCancel={onDone}>
        {keeps ? (
          <ul class="plain-list conditions">
            {ruleConditionLines(rule?.any_of ?? []).map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        ) : (
          <>
            <TextField
              name="text"
              label={translate("alarms_rule_title")}
              required
              maxLength={200}
              value={rule === null ? "" : currentLanguage() === "en" ? rule.text : rule.text_zh || rule.text}
              hint={translate("alarms_rule_title_hint")}
            />
            <SelectField
              name="basis"
              label={translate("alarms_basis")}
              value={basis}
              options={[
                { value: "measured", text: translate("alarms_basis_measured") },
                { value: "forecast", text: translate("alarms_basis_forecast") },
              ]}
              onSelect={chooseBasis}
            />
            <div class="choices-row">
              <QuantityField key={basis} value={what} options={isForecast ? forecastOptions() : offered} onSelect={setWhat} />
              <SelectField
                name="direction"
                label={translate("alarms_direction")}
                value={condition?.below === null || AGES.has(what) ? "above" : "below"}
                options={[
                  { value: "below", text: term("alarm_conditions", "below") },
                  { value: "above", text: term("alarm_conditions", "above") },
                ]}
              />
              <NumberField
                name="threshold"
                label={translate("alarms_threshold")}
                required
                step="any"
                value={threshold === null ? null : threshold / scale}
                unit={unit === "s" ? term("units", "min") : unitText(unit)}
              />
            </div>
            {isForecast ? (
              <ForecastFields what={what} condition={condition} site={rule?.site ?? null} />
            ) : (
              <SelectField
                name="subject"
                label={translate("alarms_applies")}
                value={subject}
                options={subjects}
                none={translate("alarms_all_subjects")}
              />
            )}
          </>
        )}
        <div class="choices-row">
          <NumberField
            name="for_s"
            label={translate("alarms_hold")}
            value={(rule?.for_s ?? 300) / MINUTE_S}
            min={0}
            max={10_080}
            step="any"
            required
            unit={term("units", "min")}
          />
          <SelectField
            name="severity"
            label={translate("alarms_severity")}
            value={rule?.severity ?? "warning"}
            options={SEVERITIES.map((value) => ({ value, text: term("severities", value) }))}
          />
          <NumberField
            name="repeat_s"
            label={translate("alarms_repeat")}
            value={rule?.repeat_s ? rule.repeat_s / 3600 : null}
            min={0.1}
            max={720}
            step="any"
            unit={term("units", "h")}
            hint={translate("alarms_repeat_hint")}
          />
        </div>
        <fieldset class="choices-row layers">
          <legend>{translate("alarms_recipients")}</legend>
          {(recipients.data ?? []).map((recipient) => (
            <label key={recipient.id}>
              <input
                type="checkbox"
                name="recipients"
                value={recipient.name}
                defaultChecked={rule?.recipients.includes(recipient.name) ?? false}
              />
              {findTerm("default_names", recipient.name) ?? recipient.name}
            </label>
          ))}
          <span class="note">{translate("alarms_everybody")}</span>
        </fieldset>
        <div class="stack" data-preview>
          <button type="button" class="secondary" disabled={test.saving} onClick={() => void preview()}>
            {translate(test.saving ? "working" : "alarms_preview", { days: PREVIEW_DAYS })}
          </button>
          <ErrorText error={test.error} />
          {result === null ? null : <RuleTestResult days={PREVIEW_DAYS} test={result} />}
        </div>
      </Form>
    </div>
  );
}

function draftFrom(values: FormValues, rule: Rule | null, keeps: boolean, what: string, scale: number, isForecast: boolean): Draft {
  const hold = Math.round((values.number("for_s") ?? 0) * MINUTE_S);
  const repeat = values.number("repeat_s");
  const rest = {
    for_s: hold,
    clear_for_s: Math.max(rule?.clear_for_s ?? 300, hold < MINUTE_S ? MINUTE_S : 0),
    severity: values.text("severity") as Rule["severity"],
    repeat_s: repeat === null ? null : repeat * 3600,
    recipients: values.all("recipients"),
  };
  if (keeps && rule !== null) return { ...rule, ...rest };
  const threshold = (values.number("threshold") ?? 0) * scale;
  const below = values.text("direction") === "below";
  const [kind, subject] = values.text("subject").split(/:(.*)/s);
  const title = values.text("text");
  const texts = rule === null ? { text: title, text_zh: title } : currentLanguage() === "en" ? { text: title } : { text_zh: title };
  const limits = { what, below: below ? threshold : null, above: below ? null : threshold };
  if (isForecast) {
    const ahead = { within_h: values.number("within_h"), chance_pct: values.number("chance_pct") };
    return {
      ...(rule ?? {}),
      ...rest,
      ...texts,
      name: rule?.name ?? nameFor(what),
      device: null,
      kind: null,
      zone: null,
      site: values.text("site") || null,
      any_of: [[{ ...conditionOf(rule), ...limits, ...ahead }]],
    };
  }
  return {
    ...(rule ?? {}),
    ...rest,
    ...texts,
    name: rule?.name ?? nameFor(what),
    device: kind === "device" ? (subject ?? null) : null,
    kind: kind === "kind" ? (subject ?? null) : AGES.has(what) && kind === "" ? "greenhouse" : null,
    any_of: [[{ ...conditionOf(rule), ...limits, within_h: null, chance_pct: null }]],
  };
}

function conditionOf(rule: Rule | null): RuleCondition {
  return (rule === null ? null : onlyCondition(rule)) ?? PLAIN;
}

/** Return an identifier for a new rule; people see its title. */
function nameFor(what: string): string {
  return `${what.replaceAll("_", "-")}-${Math.floor(nowMs() / 1000).toString(36)}`;
}
