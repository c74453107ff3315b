// Preferences of this browser: language and unit of area; where alarms are set, and who is signed in.

import { may } from "../api/may";
import { hrefOf } from "../app/address";
import { currentView } from "../app/work_view";
import "../i18n/settings";
import type { JSX } from "preact";
import { currentSession } from "../api/session";

import { timeZoneNote } from "../i18n/instants";
import {
  LANGUAGE_NAMES,
  currentAreaUnit,
  currentLanguage,
  currentTheme,
  setAreaUnit,
  setLanguage,
  setTheme,
  setView,
  type AreaUnit,
  type Language,
  type Theme,
  type WorkView,
  VIEWS,
} from "../i18n/preferences";
import { term, translate } from "../i18n/translate";
import { Lazy } from "../ui/lazy";

export function Preferences(): JSX.Element {
  const session = currentSession();
  return (
    <section class="card" data-panel="browser">
      <Choice<WorkView>
        legend={translate("settings_view")}
        name="view"
        options={VIEWS.map((view) => [view, translate(`view_${view}`)] as const)}
        chosen={currentView()}
        onChoose={setView}
      />
      <p class="note">{translate("settings_view_about")}</p>
      <Choice<Language>
        legend={translate("language")}
        name="language"
        options={[
          ["en", LANGUAGE_NAMES.en],
          ["zh-CN", LANGUAGE_NAMES["zh-CN"]],
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
      <Choice<Theme>
        legend={translate("settings_theme")}
        name="theme"
        options={[
          ["auto", translate("settings_theme_auto")],
          ["light", translate("settings_theme_light")],
          ["dark", translate("settings_theme_dark")],
        ]}
        chosen={currentTheme()}
        onChoose={setTheme}
      />
      <p class="note">{timeZoneNote()}</p>
      {may("post", "/v1/push-subscriptions") ? <Lazy load={async () => (await import("./push")).PushSwitch} props={{}} /> : null}
      {session ? (
        <p class="note">
          {translate("signed_in_as", {
            organisation: session.organisation.name || session.organisation.handle,
            scope: term("scopes", session.scope),
          })}
        </p>
      ) : null}
      <p>
        <a href={hrefOf("alarms", { tab: "recipients" })}>{translate("settings_recipients")}</a>
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
