// Language and least severity of the messages to a recipient.

import "../i18n/settings";
import type { JSX } from "preact";
import { LANGUAGE_NAMES, currentLanguage } from "../i18n/preferences";
import { term, translate } from "../i18n/translate";
import { SelectField } from "../ui/fields";

/** In the order of a menu: from the one with the most messages. */
export const SEVERITIES = ["info", "warning", "critical"] as const;
const LANGUAGES = Object.entries(LANGUAGE_NAMES).map(([value, text]) => ({ value, text }));

export function MessageFields(): JSX.Element {
  return (
    <>
      <SelectField name="language" label={translate("language")} value={currentLanguage()} options={LANGUAGES} />
      <SelectField
        name="least_severity"
        label={translate("settings_min_severity")}
        value="warning"
        options={SEVERITIES.map((value) => ({ value, text: term("severities", value) }))}
      />
    </>
  );
}
