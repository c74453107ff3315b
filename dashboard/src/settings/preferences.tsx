// Preferences of this browser: language and unit of area; where alarms are set, and who is signed in.

import "../i18n/settings";
import type { JSX } from "preact";
import { currentSession } from "../api/session";
import { timeZoneNote } from "../i18n/instants";
import { currentAreaUnit, currentLanguage, setAreaUnit, setLanguage, type AreaUnit, type Language } from "../i18n/preferences";
import { term, translate } from "../i18n/translate";

export function Preferences(): JSX.Element {
  const session = currentSession();
  return (
    <section class="card" data-panel="browser">
      <Choice<Language>
        legend={translate("language")}
        name="language"
        options={[
          ["en", "English"],
          ["zh-CN", "简体中文"],
        ]}
        chosen={currentLanguage()}
        onChoose={setLanguage}
      />
      <Choice<AreaUnit>
        legend={translate("area_unit")}
        name="area"
        options={[
          ["ha", translate("per_ha")],
          ["mu", translate("per_mu")],
        ]}
        chosen={currentAreaUnit()}
        onChoose={setAreaUnit}
      />
      <p class="note">{timeZoneNote()}</p>
      {session ? (
        <p class="note">
          {translate("signed_in_as", {
            organisation: session.organisation.name || session.organisation.handle,
            scope: term("scopes", session.scope),
          })}
        </p>
      ) : null}
      <p>
        <a href="#/alarms?tab=recipients">{translate("settings_recipients")}</a>
      </p>
    </section>
  );
}

function Choice<Value extends string>({
  legend,
  name,
  options,
  chosen,
  onChoose,
}: {
  legend: string;
  name: string;
  options: readonly (readonly [Value, string])[];
  chosen: Value;
  onChoose: (value: Value) => void;
}): JSX.Element {
  return (
    <fieldset class="choices-row layers">
      <legend>{legend}</legend>
      {options.map(([value, text]) => (
        <label key={value}>
          <input type="radio" name={name} value={value} checked={value === chosen} onChange={() => onChoose(value)} />
          {text}
        </label>
      ))}
    </fieldset>
  );
}
