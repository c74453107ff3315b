// A word by its key in the language that was chosen. Each file of words/ has both languages side by side, typed alike.

import * as alarms from "./alarms";
import * as common from "./common";
import * as farm from "./farm";
import * as field from "./field";
import * as greenhouse from "./greenhouse";
import * as health from "./health";
import { currentLanguage } from "./preferences";
import { quantities } from "./quantities";
import * as settings from "./settings";

const english = {
  ...common.en,
  ...farm.en,
  ...field.en,
  ...greenhouse.en,
  ...alarms.en,
  ...health.en,
  ...settings.en,
};
const chinese: Record<Word, string> = {
  ...common.zh,
  ...farm.zh,
  ...field.zh,
  ...greenhouse.zh,
  ...alarms.zh,
  ...health.zh,
  ...settings.zh,
};

export type Word = keyof typeof english;

/** Return a word with its `{gaps}` filled. */
export function word(key: Word, filled: Record<string, string | number> = {}): string {
  const text = (currentLanguage() === "en" ? english : chinese)[key];
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(filled[name] ?? ""));
}

/** Return `prefix_key` where there is such a word, else `otherwise`: for what the API names. */
export function wordOf(prefix: string, key: string | number, otherwise: string): string {
  const name = `${prefix}_${key}`;
  return name in english ? word(name as Word) : otherwise;
}

export function kindName(kind: string): string {
  return wordOf("kind", kind, word("kind_other"));
}

/** Return a channel's name for people; a foreign one is said as it was given. */
export function channelName(channel: string): string {
  const [quantity = "", instance] = channel.split(":");
  const known = quantities[quantity];
  const name = known ? known[currentLanguage() === "en" ? 0 : 1] : quantity.replaceAll("_", " ");
  return instance === undefined ? name : `${name} ${instance}`;
}
