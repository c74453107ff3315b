// Duty rotas: who is on duty now, who is called next, hand-over, and the form of a week.

import "./duty.css";
import "../i18n/duty";
import "../i18n/settings";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { may } from "../api/may";
import { useApi, useApiList } from "../api/query";
import { useWrite } from "../api/write";

import { dateTimeText, weekdayText } from "../i18n/instants";
import { numberText } from "../i18n/numbers";
import { listText, term, translate } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { Empty } from "../ui/empty";
import { ErrorText } from "../ui/error_text";
import { NumberField, SelectField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { showToast } from "../ui/overlays";
import { DutyForm } from "./duty_form";
import { shownName, type Rota } from "./records";

const REFRESH_MS = 15_000;
const HOUR_MS = 3_600_000;

export function Duty(): JSX.Element {
  const duty = useApi("/v1/duty", {}, { everyMs: REFRESH_MS });
  const rotas = useApiList("/v1/duty-rotas", {});
  const people = (useApiList("/v1/alarm-recipients", {}).data ?? []).map(({ name }) => name);
  const [edited, setEdited] = useState<Rota | "new" | null>(null);
  return (
    <section class="stack" data-panel="duty">
      <p class="note">{translate("duty_about")}</p>
      <Loaded state={duty}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty text={translate("duty_none")} />
          ) : (
            <div class="cards">
              {items.map((now) => (
                <article class="card" key={now.rota} data-rota={now.name}>
                  <header>
                    <h2>{now.name}</h2>
                    <span class={`state ${now.enabled ? "on" : "off"}`}>{translate(now.enabled ? "enabled" : "disabled")}</span>
                  </header>
                  <p>
                    {translate("duty_now")}
                    {translate("colon")}
                    <strong data-on-duty>{listText(now.on_duty.map(shownName)) || translate("duty_nobody")}</strong>{" "}
                    {now.until_ms === null ? null : (
                      <span class="age">{translate("duty_until", { until: dateTimeText(now.until_ms) })}</span>
                    )}
                  </p>
                  <p class="note">
                    {now.next.length === 0 || now.next_after_s === null
                      ? translate("duty_next_none")
                      : translate("name_and_text", {
                          name: translate("duty_next", { minutes: numberText(now.next_after_s / 60, 0) }),
                          text: now.next.map(shownName).join(" → "),
                        })}
                  </p>
                  <Week rota={rotas.data?.find(({ id }) => id === now.rota)} zone={now.time_zone} />
                  {may("post", "/v1/duty-rotas/{rota}/hand-over") ? <HandOver rota={now.rota} people={people} /> : null}
                  {may("put", "/v1/duty-rotas/{thing}") ? (
                    <RotaButtons rota={rotas.data?.find(({ id }) => id === now.rota)} onEdit={(rota) => setEdited(rota)} />
                  ) : null}
                </article>
              ))}
            </div>
          )
        }
      </Loaded>
      {may("post", "/v1/duty-rotas") ? (
        <div class="buttons">
          <button type="button" class="secondary" onClick={() => setEdited("new")}>
            {translate("duty_add")}
          </button>
        </div>
      ) : null}
      {edited === null ? null : <DutyForm rota={edited === "new" ? null : edited} people={people} onClose={() => setEdited(null)} />}
    </section>
  );
}

function Week({ rota, zone }: { rota: Rota | undefined; zone: string }): JSX.Element | null {
  if (rota === undefined) return null;
  return (
    <ul class="duty-week">
      {(rota.weekly ?? []).map((shift, index) => (
        <li key={index}>
          <span>{shift.days.map(weekdayText).join(" ")}</span>{" "}
          <span class="age">
            {shift.start} – {shift.end}
          </span>{" "}
          {listText(shift.people.map(shownName))}
        </li>
      ))}
      <li class="note">{translate("duty_zone", { zone })}</li>
    </ul>
  );
}

function HandOver({ rota, people }: { rota: string; people: readonly string[] }): JSX.Element {
  const write = useWrite("post", "/v1/duty-rotas/{rota}/hand-over", { refresh: ["/v1/duty", "/v1/duty-rotas"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const hours = values.number("until_ms");
    const to = values.text("to");
    const until = hours === null ? null : Math.round(nowMs() + hours * HOUR_MS);
    if ((await write.run({ params: { path: { rota } }, body: { to, until_ms: until } })) === null) return false;
    showToast(translate("duty_handed", { name: shownName(to) }));
    return true;
  };
  return (
    <Form name="duty_hand_over" submit={translate("duty_hand_over")} write={write} onSubmit={submit}>
      <div class="choices-row">
        <SelectField
          name="to"
          label={translate("duty_hand_over_to")}
          options={people.map((name) => ({ value: name, text: shownName(name) }))}
        />
        <NumberField name="until_ms" label={translate("duty_hours")} min={0.25} max={720} step="any" unit={term("units", "h")} />
      </div>
    </Form>
  );
}

function RotaButtons({ rota, onEdit }: { rota: Rota | undefined; onEdit: (rota: Rota) => void }): JSX.Element | null {
  const refresh = ["/v1/duty", "/v1/duty-rotas"] as const;
  const change = useWrite("put", "/v1/duty-rotas/{thing}", { refresh });
  if (rota === undefined) return null;
  const params = { path: { thing: rota.id ?? "" } };
  const version = rota.version ?? 1;
  return (
    <>
      <div class="buttons">
        <button type="button" class="plain" onClick={() => onEdit(rota)}>
          {translate("duty_edit")}
        </button>
        <button
          type="button"
          class="plain"
          disabled={change.saving}
          onClick={() => void change.run({ params, body: { ...rota, enabled: !rota.enabled }, version })}
        >
          {translate(rota.enabled ? "settings_disable" : "settings_enable")}
        </button>
        <DeleteRecord
          list="/v1/duty-rotas"
          record={rota}
          title={translate("duty_delete", { name: rota.name })}
          about=""
          refresh={["/v1/duty"]}
        />
      </div>
      <ErrorText error={change.error} />
    </>
  );
}
