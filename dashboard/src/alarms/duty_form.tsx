// Form of a duty rota: its site, the shifts of a week, and when the next one is called.

import "../i18n/duty";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { siteText } from "../i18n/device_names";
import { weekdayText } from "../i18n/instants";
import { term, translate } from "../i18n/translate";
import { Dialog } from "../ui/dialog";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { noteSaved } from "../ui/overlays";
import { shownName, type Rota } from "./records";

const DAYS = [1, 2, 3, 4, 5, 6, 7];
const MINUTE_S = 60;

interface DutyFormProps {
  rota: Rota | null;
  people: readonly string[];
  onClose: () => void;
}

export function DutyForm({ rota, people, onClose }: DutyFormProps): JSX.Element {
  const sites = useApiList("/v1/sites", {}).data;
  const [count, setCount] = useState(Math.max(1, rota?.weekly?.length ?? 1));
  const refresh = ["/v1/duty", "/v1/duty-rotas"] as const;
  const add = useWrite("post", "/v1/duty-rotas", { refresh });
  const change = useWrite("put", "/v1/duty-rotas/{thing}", { refresh });
  const options = people.map((name) => ({ value: name, text: shownName(name) }));
  const submit = async (values: FormValues): Promise<boolean> => {
    const minutes = values.number("next_after_s");
    const weekly = Array.from({ length: count }, (_, n) => ({
      days: values.all(`days-${n}`).map(Number),
      start: values.text(`start-${n}`),
      end: values.text(`end-${n}`),
      // The others of a shift that several people have stay in it.
      people: [values.text(`person-${n}`), ...(rota?.weekly?.[n]?.people.slice(1) ?? [])],
    })).filter(({ days }) => days.length > 0);
    const body = {
      name: values.text("name"),
      site: values.text("site"),
      weekly,
      exceptions: rota?.exceptions ?? [],
      order: values.all("order"),
      next_after_s: minutes === null ? null : minutes * MINUTE_S,
      enabled: rota?.enabled ?? true,
    };
    const saved =
      rota === null
        ? await add.run({ body })
        : await change.run({ params: { path: { thing: rota.id ?? "" } }, body, version: rota.version ?? 1 });
    if (!noteSaved(saved)) return false;
    onClose();
    return true;
  };
  if (people.length === 0 || sites?.length === 0)
    return (
      <Dialog title={translate("duty_add")} onClose={onClose}>
        <p>{translate(people.length === 0 ? "duty_no_people" : "duty_no_site")}</p>
      </Dialog>
    );
  return (
    <Dialog title={rota?.name ?? translate("duty_add")} onClose={onClose}>
      <Form name="duty_rota" submit={translate("save")} write={rota === null ? add : change} onSubmit={submit} onCancel={onClose}>
        <div class="choices-row">
          <TextField name="name" label={translate("duty_name")} value={rota?.name ?? ""} required maxLength={200} />
          <SelectField
            key={sites?.length ?? 0}
            name="site"
            label={translate("duty_site")}
            value={rota?.site}
            options={(sites ?? [])
              .filter(({ id, active }) => active !== false || id === rota?.site)
              .map(({ id, name }) => ({ value: id, text: siteText(name) }))}
          />
        </div>
        {Array.from({ length: count }, (_, n) => (
          <Shift key={n} number={n} shift={rota?.weekly?.[n]} options={options} />
        ))}
        <div class="buttons">
          <button type="button" class="secondary" onClick={() => setCount(count + 1)}>
            {translate("duty_shift_add")}
          </button>
          {count > 1 ? (
            <button type="button" class="plain" onClick={() => setCount(count - 1)}>
              {translate("duty_shift_remove", { n: count })}
            </button>
          ) : null}
        </div>
        <NumberField
          name="next_after_s"
          label={translate("duty_after")}
          value={rota === null ? 15 : rota.next_after_s === null || rota.next_after_s === undefined ? null : rota.next_after_s / MINUTE_S}
          min={1}
          max={1440}
          unit={term("units", "min")}
        />
        <fieldset class="duty-days">
          <legend>{translate("duty_order")}</legend>
          {[...new Set([...(rota?.order ?? []), ...people])].map((name) => (
            <label key={name} class="check">
              <input type="checkbox" name="order" value={name} defaultChecked={rota === null || (rota.order ?? []).includes(name)} />{" "}
              {shownName(name)}
            </label>
          ))}
        </fieldset>
      </Form>
    </Dialog>
  );
}

interface ShiftProps {
  number: number;
  shift: NonNullable<Rota["weekly"]>[number] | undefined;
  options: readonly { value: string; text: string }[];
}

function Shift({ number, shift, options }: ShiftProps): JSX.Element {
  return (
    <fieldset class="duty-shift">
      <legend>{translate("duty_shift", { n: number + 1 })}</legend>
      <fieldset class="duty-days" aria-label={translate("duty_days")}>
        {DAYS.map((day) => (
          <label key={day} class="check">
            <input type="checkbox" name={`days-${number}`} value={day} defaultChecked={shift === undefined || shift.days.includes(day)} />{" "}
            {weekdayText(day)}
          </label>
        ))}
      </fieldset>
      <div class="choices-row">
        <TextField name={`start-${number}`} type="time" label={translate("duty_start")} value={shift?.start ?? "06:00"} required />
        <TextField name={`end-${number}`} type="time" label={translate("duty_end")} value={shift?.end ?? "18:00"} required />
        <SelectField name={`person-${number}`} label={translate("duty_person")} value={shift?.people[0]} options={options} />
      </div>
    </fieldset>
  );
}
