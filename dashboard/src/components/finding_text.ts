// Texts of a finding about a sensor: the sentence with the remedy and how sure its cause is, in the page's language.

import "../i18n/findings";
import { currentLanguage } from "../i18n/preferences";
import { shareText } from "../i18n/numbers";
import { channelName, listText, term, translate } from "../i18n/translate";

export interface Finding {
  device: string;
  channel: string;
  test: string;
  chance?: number | null;
  text?: string | null;
  text_zh?: string | null;
}

/** Return the sentence with the remedy of a finding and how sure its cause is; null where its cause is not known. */
export function remedyText({ chance, text, text_zh }: Finding): string | null {
  const said = currentLanguage() === "en" ? text : text_zh;
  if (said == null) return null;
  return chance == null ? said : translate("finding_sure", { text: said, chance: shareText(chance) });
}

/** Return the device and channel of a finding with its remedy, or else its test. */
export function findingText(finding: Finding, device: string): string {
  return translate("name_and_text", {
    name: listText([device, channelName(finding.channel)]),
    text: remedyText(finding) ?? term("quality_tests", finding.test),
  });
}
