// Alarm rules as a table, the few that matter first: a line opens its rule, to change, test, disable or delete it.

import "../i18n/alarms";
import "../i18n/settings";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { may } from "../api/may";
import { useApi, useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { useFarm } from "../app/mount";
import { localText, ruleConditionLines, SEVERITIES } from "../components/alarm_text";
import { RulesAtGateways } from "../components/gateway_rules";
import { siteText } from "../i18n/device_names";
import { durationText } from "../i18n/instants";
import { indicesWhere } from "../i18n/quantities";
import { englishOnly, listText, term, translate } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { Choice } from "../ui/choice";
import { Dialog } from "../ui/dialog";
import { Empty } from "../ui/empty";
import { ErrorText } from "../ui/error_text";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { Table, type Column } from "../ui/table";
import { Severity } from "./severity";
import { ForecastStandings, type ForecastStanding } from "./forecast_fields";
import { DAY_MS, titleOf, type Rule } from "./records";
import { RuleForm } from "./rule_form";
import { RuleTestResult, TEST_DAYS, TEST_TIMEOUT_MS, type RuleTest } from "./rule_test";

/** Lines that are displayed at first: the rest is on the next pages, and found by the search. */
const FEW = 8;
/** Values that say whether data come, not how the crop is. */
const OF_STATION = new Set(["age_s", "overdue_s"]);
/** A forecast is new once an hour. */
const STANDINGS_EVERY_MS = 60_000;

export function Rules(): JSX.Element {
  const rules = useApiList("/v1/alarm-rules", {});
  const standings = useApi("/v1/forecast-rules", {}, { everyMs: STANDINGS_EVERY_MS });
  // The rule by its id, so that what is shown is the newest version of it.
  const [edited, setEdited] = useState<string | null>(null);
  const chosen = rules.data?.find(({ id }) => id === edited);
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
            <div class="card">
              <p class="note">{translate("alarms_rules_order")}</p>
              <RuleTable rules={items} standings={standings.data?.items ?? []} onChoose={({ id }) => setEdited(id)} />
            </div>
          )
        }
      </Loaded>
      {edited === null ? null : (
        <Dialog title={chosen === undefined ? translate("alarms_rule_add") : titleOf(chosen)} onClose={() => setEdited(null)}>
          {may("post", "/v1/alarm-rules") ? (
            <RuleForm key={`${edited}-${chosen?.version}`} rule={chosen ?? null} onDone={() => setEdited(null)} />
          ) : null}
          {chosen === undefined ? null : <RuleActions rule={chosen} onDeleted={() => setEdited(null)} />}
        </Dialog>
      )}
    </section>
  );
}

/** Conditions of a rule in sentences, what its forecast says now, and where its limits are from. */
function RuleText({ rule, standings }: { rule: Rule; standings: readonly ForecastStanding[] }): JSX.Element {
  const text = localText(rule);
  const source = englishOnly(rule.source);
  return (
    <>
      <ul class="plain-list conditions">
        {ruleConditionLines(rule.any_of).map((line, index) => (
          <li key={line}>{index === 0 ? line : translate("alarms_or_line", { condition: line })}</li>
        ))}
      </ul>
      {text && text !== titleOf(rule) ? <p class="note">{text}</p> : null}
      <ForecastStandings standings={standings} />
      {source ? <p class="note">{source}</p> : null}
    </>
  );
}

interface RuleTableProps {
  rules: readonly Rule[];
  standings: readonly ForecastStanding[];
  onChoose: (rule: Rule) => void;
}

function RuleTable({ rules, standings, onChoose }: RuleTableProps): JSX.Element {
  const farm = useFarm();
  const zones = useApiList("/v1/greenhouse-zones", {}, { enabled: rules.some(({ zone }) => zone !== null) });
  const scopeOf = (rule: Rule): string =>
    listText([
      rule.device === null ? "" : farm.nameOf(rule.device),
      rule.kind === null ? "" : term("device_kinds", rule.kind),
      siteText(rule.site ?? ""),
      zones.data?.find((each) => each.id === rule.zone)?.name ?? "",
    ]) || translate(rule.any_of.flat().some(({ within_h }) => within_h !== null) ? "alarms_all_sites" : "alarms_all_subjects");
  const columns: Column<Rule>[] = [
    {
      key: "rule",
      head: translate("alarms_rule"),
      cell: (rule) => (
        <button type="button" class="plain whole-row" onClick={() => onChoose(rule)}>
          {titleOf(rule)}
        </button>
      ),
      sortBy: titleOf,
    },
    {
      key: "severity",
      head: translate("alarms_severity"),
      cell: (rule) => (
        <>
          <Severity severity={rule.severity} /> {rule.enabled ? null : <span class="state off">{translate("disabled")}</span>}
        </>
      ),
      sortBy: weightOf,
    },
    {
      key: "when",
      head: translate("alarms_rule_when"),
      cell: (rule) => <RuleText rule={rule} standings={standings.filter((each) => each.rule === rule.id)} />,
    },
    {
      key: "whom",
      head: translate("alarms_rule_whom"),
      cell: (rule) => (
        <>
          {translate("alarms_rule_scope", { scope: scopeOf(rule) })}
          {rule.for_s > 0 ? translate("alarms_rule_hold", { duration: durationText(rule.for_s) }) : translate("alarms_rule_at_once")}
          {rule.recipients.length > 0 ? translate("alarms_rule_told", { names: listText(rule.recipients) }) : ""}
        </>
      ),
    },
  ];
  return (
    <Table
      name={translate("alarms_rules")}
      rows={rules}
      columns={columns}
      keyOf={(rule) => rule.id}
      searchIn={(rule) => [titleOf(rule), ...ruleConditionLines(rule.any_of), localText(rule), scopeOf(rule), rule.name].join(" ")}
      searchFrom={1}
      sorted={{ key: "severity" }}
      pageSize={FEW}
      rowAttributes={(rule) => ({ "data-rule": rule.name })}
    />
  );
}

/** Return the place of a rule: what is on before what is off, crops and houses before gateways and data, the gravest first. */
function weightOf(rule: Rule): number {
  const about = rule.any_of.flat().map(({ what }) => what);
  const isOfStation = rule.kind === "gateway" || about.some((what) => OF_STATION.has(what) || ofGateways().has(what));
  return (rule.enabled ? 0 : 100) + (isOfStation ? 10 : 0) + SEVERITIES.indexOf(rule.severity);
}

function ofGateways(): Set<string> {
  return new Set(indicesWhere(({ section }) => section === "gateway"));
}

function RuleActions({ rule, onDeleted }: { rule: Rule; onDeleted: () => void }): JSX.Element {
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
    <div class="stack" data-rule-actions={rule.name}>
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
          <button type="button" class="plain" disabled={change.saving} onClick={() => void toggle()}>
            {translate(rule.enabled ? "settings_disable" : "settings_enable")}
          </button>
          <DeleteRecord
            list="/v1/alarm-rules"
            record={rule}
            title={translate("settings_delete_confirm", { name: titleOf(rule) })}
            about={translate("alarms_rule_delete_text")}
            onDeleted={onDeleted}
          />
        </div>
      ) : null}
      <ErrorText error={error} />
      {result === null ? null : <RuleTestResult days={result.days} test={result.test} />}
    </div>
  );
}
