// Formatters of the language of the page, each made once: making one takes about a hundred times as long as using it.

import { currentLanguage } from "./preferences";

const numberFormats = new Map<string, Intl.NumberFormat>();
const dateFormats = new Map<string, Intl.DateTimeFormat>();
const collators = new Map<string, Intl.Collator>();
const relativeFormats = new Map<string, Intl.RelativeTimeFormat>();

export function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const language = currentLanguage();
  return once(numberFormats, language, options, () => new Intl.NumberFormat(language, options));
}

/** `language` is another one where the form is not for a person: "sv-SE" writes 2026-03-31. */
export function dateFormat(options: Intl.DateTimeFormatOptions, language: string = currentLanguage()): Intl.DateTimeFormat {
  return once(dateFormats, language, options, () => new Intl.DateTimeFormat(language, options));
}

export function relativeFormat(options: Intl.RelativeTimeFormatOptions): Intl.RelativeTimeFormat {
  const language = currentLanguage();
  return once(relativeFormats, language, options, () => new Intl.RelativeTimeFormat(language, options));
}

/** Compares texts as the language sorts them, and the numbers in them as numbers. */
export function collator(): Intl.Collator {
  const language = currentLanguage();
  return once(collators, language, {}, () => new Intl.Collator(language, { numeric: true }));
}

function once<Format>(made: Map<string, Format>, language: string, options: object, make: () => Format): Format {
  const key = language + JSON.stringify(options);
  const known = made.get(key);
  if (known !== undefined) return known;
  const format = make();
  made.set(key, format);
  return format;
}
