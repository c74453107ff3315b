// Alarm rules as sentences: enable, change, delete, and what each would have raised in the last month.

import "../i18n/alarms";
import "../i18n/settings";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { may } from "../api/may";
import { useApi, useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { useFarm } from "../app/mount";
import { localText, ruleConditionLines } from "../components/alarm_text";
import { RulesAtGateways } from "../components/gateway_rules";
import { siteText } from "../i18n/device_names";
import { durationText } from "../i18n/instants";
import { englishOnly, listText, term, translate } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { Choice } from "../ui/choice";
import { Dialog } from "../ui/dialog";
import { Empty } from "../ui/empty";
import { ErrorText } from "../ui/error_text";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { Severity } from "./severity";
import { ForecastStandings, type ForecastStanding } from "./forecast_fields";
import { DAY_MS, titleOf, type Rule } from "./records";
import { RuleForm } from "./rule_form";
import { RuleTestResult, TEST_DAYS, TEST_TIMEOUT_MS, type RuleTest } from "./rule_test";

/** A forecast is new once an hour. */
const STANDINGS_EVERY_MS = 60_000;

export function Rules(): JSX.Element {
  const rules = useApiList("/v1/alarm-rules", {});
  const standings = useApi("/v1/forecast-rules", {}, { everyMs: STANDINGS_EVERY_MS });
  const [edited, setEdited] = useState<Rule | "new" | null>(null);
  return (
    <section class="stack" data-panel="rules">
      {may("post", "/v1/alarm-rules") ? (
        <div class="buttons">
          <button type="button" class="primary" onClick={() => setEdited("new")}>
            {translate("alarms_rule_add")}
          </button>
        </div>
      ) : null}
      <RulesAtGateways />
      <Loaded state={rules}>
        {(items) =>
          items.length === 0 ? (
            <Empty text={translate("alarms_no_rules")} />
          ) : (
            <div class="cards">
              {items.map((rule) => (
                <RuleCard
                  key={rule.id}
                  rule={rule}
                  standings={(standings.data?.items ?? []).filter((each) => each.rule === rule.id)}
                  onEdit={() => setEdited(rule)}
                />
              ))}
            </div>
          )
        }
      </Loaded>
      {edited === null ? null : (
        <Dialog title={edited === "new" ? translate("alarms_rule_add") : titleOf(edited)} onClose={() => setEdited(null)}>
          <RuleForm rule={edited === "new" ? null : edited} onDone={() => setEdited(null)} />
        </Dialog>
      )}
    </section>
  );
}

function RuleCard({ rule, standings, onEdit }: { rule: Rule; standings: readonly ForecastStanding[]; onEdit: () => void }): JSX.Element {
  const farm = useFarm();
  const zones = useApiList("/v1/greenhouse-zones", {}, { enabled: rule.zone !== null });
  const text = localText(rule);
  const source = englishOnly(rule.source);
  const zone = zones.data?.find((each) => each.id === rule.zone)?.name;
  const scope =
    listText([
      rule.device === null ? "" : farm.nameOf(rule.device),
      rule.kind === null ? "" : term("device_kinds", rule.kind),
      siteText(rule.site ?? ""),
      zone ?? "",
    ]) || translate(rule.any_of.flat().some(({ within_h }) => within_h !== null) ? "alarms_all_sites" : "alarms_all_subjects");
  return (
    <article class="card" data-rule={rule.name}>
      <header>
        <Severity severity={rule.severity} />
        <h2>{titleOf(rule)}</h2>
        {rule.enabled ? null : <span class="state off">{translate("disabled")}</span>}
      </header>
      <ul class="plain-list conditions">
        {ruleConditionLines(rule.any_of).map((line, index) => (
          <li key={line}>{index === 0 ? line : translate("alarms_or_line", { condition: line })}</li>
        ))}
      </ul>
      {text && text !== titleOf(rule) ? <p>{text}</p> : null}
      <p class="note">
        {translate("alarms_rule_scope", { scope })}
        {rule.for_s > 0 ? translate("alarms_rule_hold", { duration: durationText(rule.for_s) }) : translate("alarms_rule_at_once")}
        {rule.recipients.length > 0 ? translate("alarms_rule_told", { names: listText(rule.recipients) }) : ""}
      </p>
      <ForecastStandings standings={standings} />
      {source ? <p class="note">{source}</p> : null}
      <RuleActions rule={rule} onEdit={onEdit} />
    </article>
  );
}

function RuleActions({ rule, onEdit }: { rule: Rule; onEdit: () => void }): JSX.Element {
  const [days, setDays] = useState(30);
  const [result, setResult] = useState<{ days: number; test: RuleTest } | null>(null);
  const test = useWrite("post", "/v1/alarm-rules/{rule}/replay", { timeoutMs: TEST_TIMEOUT_MS });
  const change = useWrite("put", "/v1/alarm-rules/{thing}", { refresh: ["/v1/alarm-rules"] });
  const run = async (): Promise<void> => {
    const end = Math.floor(nowMs());
    const query = { start: end - days * DAY_MS, end };
    const found = await test.run({ params: { path: { rule: rule.id }, query } });
    if (found !== null && found !== true) setResult({ days, test: found });
  };
  const toggle = async (): Promise<void> => {
    noteSaved(await change.run({ params: { path: { thing: rule.id } }, body: { ...rule, enabled: !rule.enabled }, version: rule.version }));
  };
  const error = test.error ?? change.error;
  return (
    <div class="stack">
      <div class="buttons">
        {may("post", "/v1/alarm-rules/{rule}/replay") ? (
          <>
            <Choice
              label={translate("alarms_test_period")}
              value={String(days)}
              options={TEST_DAYS.map((count) => ({ value: String(count), text: translate("alarms_days", { days: count }) }))}
              onChoose={(count) => setDays(Number(count))}
            />
            <button type="button" class="secondary" disabled={test.saving} onClick={() => void run()}>
              {translate(test.saving ? "working" : "alarms_test")}
            </button>
          </>
        ) : null}
      </div>
      {may("put", "/v1/alarm-rules/{thing}") ? (
        <div class="buttons">
          <button type="button" class="plain" onClick={onEdit}>
            {translate("edit")}
          </button>
          <button type="button" class="plain" disabled={change.saving} onClick={() => void toggle()}>
            {translate(rule.enabled ? "settings_disable" : "settings_enable")}
          </button>
          <DeleteRecord
            list="/v1/alarm-rules"
            record={rule}
            title={translate("settings_delete_confirm", { name: titleOf(rule) })}
            about={translate("alarms_rule_delete_text")}
          />
        </div>
      ) : null}
      <ErrorText error={error} />
      {result === null ? null : <RuleTestResult days={result.days} test={result.test} />}
    </div>
  );
}
