// What a rule would have raised: how often, and when.

import "../i18n/alarms";
import type { JSX } from "preact";
import type { AnswerOf } from "../api/write";
import { useFarm } from "../app/mount";
import { alarmValueText } from "../components/alarm_text";
import { dateTimeText } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { Table, type Column } from "../ui/table";
import { Severity } from "./severity";

export const TEST_DAYS = [1, 7, 30];
export const TEST_TIMEOUT_MS = 300_000;

export type RuleTest = Exclude<AnswerOf<"/v1/alarm-rules/replay", "post">, undefined>;
type Preview = NonNullable<RuleTest["devices"][number]["forecast"]>;
type Found = RuleTest["devices"][number]["alarms"][number] & { of: string };

export function RuleTestResult({ days, test }: { days: number; test: RuleTest }): JSX.Element {
  const farm = useFarm();
  const withoutData = test.devices.filter((device) => device.reason !== null).length;
  const found: Found[] = test.devices.flatMap((device) =>
    device.alarms.map((alarm) => ({ ...alarm, of: device.name || farm.nameOf(device.device) })),
  );
  const columns: Column<Found>[] = [
    { key: "of", head: translate("alarms_subject"), cell: (alarm) => alarm.of, sortBy: (alarm) => alarm.of },
    { key: "raised", head: translate("alarms_raised"), cell: (alarm) => dateTimeText(alarm.raised_ms), sortBy: (alarm) => alarm.raised_ms },
    { key: "severity", head: translate("alarms_severity"), cell: (alarm) => <Severity severity={alarm.severity} /> },
    { key: "value", head: translate("value"), cell: alarmValueText },
    {
      key: "ended",
      head: translate("alarms_ended"),
      cell: (alarm) => (alarm.ended_ms === null ? translate("alarms_still_active") : dateTimeText(alarm.ended_ms)),
    },
  ];
  return (
    <div role="status" data-test-result={test.alarms}>
      <p>
        <strong>
          {test.devices.length === withoutData
            ? translate("alarms_test_unknown", { days })
            : translate(test.alarms === 0 ? "alarms_test_never" : "alarms_test_times", {
                count: test.alarms,
                days,
                devices: test.devices.length - withoutData,
              })}
        </strong>
      </p>
      {withoutData > 0 && withoutData < test.devices.length ? (
        <p class="note">{translate("alarms_test_no_data", { devices: withoutData })}</p>
      ) : null}
      {test.devices.map((device) =>
        device.forecast == null ? null : <ForecastPreviewText key={device.device} preview={device.forecast} />,
      )}
      {found.length === 0 ? null : (
        <Table
          name={translate("alarms_test")}
          rows={found}
          columns={columns}
          keyOf={(alarm) => `${alarm.of} ${alarm.raised_ms}`}
          sorted={{ key: "raised", descending: true }}
          pageSize={10}
        />
      )}
    </div>
  );
}

/** What followed the warnings of a rule by past issues, as the site's own station measured it. */
function ForecastPreviewText({ preview }: { preview: Preview }): JSX.Element {
  const { hits, false_alarms, unclear, missed, lead_h, issues, every_h, judged, not_judged, reason } = preview;
  return (
    <div class="stack" data-forecast-preview={hits ?? ""}>
      <p class="note">{translate("forecast_preview_how", { issues, judged, hours: every_h })}</p>
      {not_judged > 0 ? <p class="note">{translate("forecast_preview_not_judged", { count: not_judged })}</p> : null}
      {hits == null ? (
        <p>{translate(reason === "several_tests" ? "forecast_preview_several" : "forecast_preview_not_measured")}</p>
      ) : (
        <ul class="plain-list">
          <li>
            {translate("forecast_preview_hits", { count: hits })}
            {lead_h == null ? "" : translate("forecast_preview_lead", { hours: Math.round(lead_h) })}
          </li>
          <li>{translate("forecast_preview_false", { count: false_alarms ?? 0 })}</li>
          <li>{translate("forecast_preview_missed", { count: missed ?? 0 })}</li>
          {unclear ? <li>{translate("forecast_preview_unclear", { count: unclear })}</li> : null}
        </ul>
      )}
    </div>
  );
}
