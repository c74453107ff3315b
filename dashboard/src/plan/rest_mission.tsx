// What a pass left: the strips that are to be flown, the hours of the next day that suit it, and the mission.

import "../i18n/field_pass";
import type { JSX } from "preact";
import type { Body } from "../api/client";
import { useApi } from "../api/query";
import { useWrite } from "../api/write";
import type { FieldRecord } from "../api/registry";
import { hrefOfThing } from "../app/address";
import { FileButton } from "../components/file_button";
import { dateTimeText, formatInstant } from "../i18n/instants";
import { areaText, numberText, withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { Facts, type Fact } from "../ui/facts";
import { Loaded } from "../ui/loaded";

type Rest = Body<"/v1/passes/{pass_id}/resume">;

const HOURS = 24;
const TIMEOUT_MS = 120_000;

interface RestMissionProps {
  field: FieldRecord;
  pass: string;
  /** What is left became a prescription of its own. */
  onKept: () => void;
}

export function RestMission({ field, pass, onKept }: RestMissionProps): JSX.Element {
  const path = { pass_id: pass };
  const rest = useApi("/v1/passes/{pass_id}/resume", { path }, { timeoutMs: TIMEOUT_MS });
  const flown = useApi("/v1/passes/{pass_id}", { path });
  const startMs = flown.data?.start_ms;
  return (
    <section class="card stack" data-panel="rest" data-pass={pass}>
      <h2>{translate("pass_rest_title")}</h2>
      {startMs === undefined ? null : <p class="note">{translate("pass_rest_about", { time: dateTimeText(startMs) })}</p>}
      <Loaded state={rest}>{(left) => <Left field={field} rest={left} startMs={startMs ?? 0} onKept={onKept} />}</Loaded>
      <p>
        <a href={hrefOfThing({ kind: "pass", field: field.id, id: pass })}>{translate("pass_rest_back")}</a>
      </p>
    </section>
  );
}

interface LeftProps {
  field: FieldRecord;
  rest: Rest;
  startMs: number;
  onKept: () => void;
}

function Left({ field, rest, startMs, onKept }: LeftProps): JSX.Element {
  const keep = useWrite("post", "/v1/passes/{pass_id}/resume", { refresh: ["/v1/prescriptions", "/v1/fields/{thing}/plan"] });
  if (rest.lines === 0) return <p>{translate("pass_rest_nothing")}</p>;
  const facts: Fact[] = [
    [translate("pass_rest_lines"), numberText(rest.lines, 0)],
    [translate("pass_rest_area"), areaText(rest.planned_m2)],
    ...(rest.unflown_m2 < 0.5 ? [] : [[translate("pass_rest_unflown"), areaText(rest.unflown_m2)] as Fact]),
    ...(rest.amount === null ? [] : [[translate("pass_rest_amount"), withUnit(rest.amount, rest.unit, 1)] as Fact]),
  ];
  const store = async (): Promise<void> => {
    if ((await keep.run({ params: { path: { pass_id: rest.pass_id } } } as never)) !== null) onKept();
  };
  return (
    <>
      <Facts class="facts" rows={facts} />
      <RestWindow field={field.id} kind={rest.unit === "L" ? "liquid" : "granular"} />
      <div class="choices-row">
        <FileButton
          text={translate("pass_rest_save")}
          path={`/v1/passes/${encodeURIComponent(rest.pass_id)}/resume.plan`}
          name={`rest-${startMs}.plan`}
          main
        />
        {rest.plan?.prescription && keep.allowed ? (
          <button type="button" class="secondary" data-act="keep-rest" disabled={keep.saving} onClick={() => void store()}>
            {translate("pass_rest_store")}
          </button>
        ) : null}
      </div>
      <ErrorText error={keep.error ?? ""} />
    </>
  );
}

/** The hours of the next day that suit the work, by the forecast of the field's site; without one that it has none. */
function RestWindow({ field, kind }: { field: string; kind: "liquid" | "granular" }): JSX.Element {
  const state = useApi("/v1/fields/{thing}/forecast-window", { path: { thing: field }, query: { kind, hours: HOURS } });
  const clock = (ms: number): string => formatInstant(ms, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return (
    <div data-panel="rest-window">
      <h3>{translate("pass_rest_window")}</h3>
      <Loaded state={state}>
        {({ hours, windows, source }) =>
          hours.length === 0 ? (
            <p class="note" data-forecast="nothing">
              {(currentLanguage() === "en" ? source.text : source.text_zh) || translate("pass_rest_no_forecast")}
            </p>
          ) : windows.length === 0 ? (
            <p>{translate("pass_rest_window_none")}</p>
          ) : (
            <ul class="plain-list">
              {windows.map(({ start_ms: startMs, end_ms: endMs }) => (
                <li key={startMs}>{`${clock(startMs)} – ${clock(endMs)}`}</li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </div>
  );
}
