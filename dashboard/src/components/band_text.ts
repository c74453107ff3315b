// The target band of a crop as a sentence: its quantity, its range and its source.

import "../i18n/greenhouse";
import { rangeText } from "../i18n/numbers";
import { channelName, englishOnly, translate } from "../i18n/translate";

export interface Target {
  low: number;
  high: number;
  source: string;
  source_zh: string;
}

export function bandText(quantity: string, target: Target): string {
  const range = rangeText(quantity, target.low, target.high);
  const source = englishOnly(target.source) || target.source_zh || translate("greenhouse_band_known");
  return translate("greenhouse_band", { name: channelName(quantity), range, source });
}
