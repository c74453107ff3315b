// The texts that are loaded. A page's catalogue is loaded with the modules that use it, not with the first page.

import type { Texts } from "./texts";

const loaded: Record<string, readonly [english: string, chinese: string]> = {};

/** Make texts available to `translate`; returns them for their types. */
export function catalogue<Given extends Texts>(texts: Given): Given {
  Object.assign(loaded, texts);
  return texts;
}

/** Return a text in both languages; undefined where its catalogue is not loaded. */
export function loadedText(key: string): readonly [english: string, chinese: string] | undefined {
  return loaded[key];
}
