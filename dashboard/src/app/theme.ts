// Light or dark colours by the user's choice: the rules for dark devices in the style sheets are switched on or off. Prints are light.

import { currentTheme, onPreferenceChange } from "../i18n/preferences";

const DARK = "(prefers-color-scheme: dark)";
/** The rules for dark devices, with what they say themselves. */
const rules = new Map<CSSMediaRule, string>();
let printing = false;

/** Follow the choice from now on, in style sheets that are loaded later, too. */
export function startTheme(): void {
  applyTheme();
  onPreferenceChange(applyTheme);
  // A sheet has its rules once it is loaded; the event does not bubble.
  document.head.addEventListener("load", applyTheme, true);
  addEventListener("beforeprint", () => setPrinting(true));
  addEventListener("afterprint", () => setPrinting(false));
}

function setPrinting(now: boolean): void {
  printing = now;
  applyTheme();
}

function applyTheme(): void {
  const theme = printing ? "light" : currentTheme();
  document.documentElement.style.colorScheme = theme === "auto" ? "" : theme;
  // As the device has it, and never another: no rule to switch.
  if (theme === "auto" && rules.size === 0) return;
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules)
      if (rule instanceof CSSMediaRule && rule.media.mediaText.includes(DARK)) rules.set(rule, rule.media.mediaText);
  }
  for (const [rule, own] of rules) {
    const text = theme === "auto" ? own : theme === "dark" ? own.replace(DARK, "screen") : "not all";
    if (rule.media.mediaText !== text) rule.media.mediaText = text;
  }
}
