// Progress of a task: that it runs and for how long, its share where known, and the error where it failed.

import { errorText } from "../api/request";
import { translate } from "../i18n/translate";
import { make, setText } from "./dom";

export class Progress {
  readonly element: HTMLElement;
  readonly #bar = make("progress", { "aria-label": translate("working") });
  readonly #text = make("span", { class: "progress-text" });
  /** The number of the newest task: an older one that ends later displays nothing. */
  #newest = 0;

  constructor() {
    this.element = make("p", { class: "progress", role: "status", hidden: true }, this.#bar, this.#text);
  }

  /** Run a task and display its state; null where it failed. `report(share)` sets the bar, from 0 to 1. */
  async run<T>(task: (report: (share: number) => void) => Promise<T>, doneText = ""): Promise<T | null> {
    const startMs = performance.now();
    this.#newest += 1;
    const number = this.#newest;
    const isNewest = (): boolean => number === this.#newest;
    this.element.hidden = false;
    this.element.classList.remove("failed");
    this.#bar.hidden = false;
    this.#bar.removeAttribute("value");
    setText(this.#text, translate("working"));
    const tick = setInterval(() => {
      if (isNewest()) setText(this.#text, translate("working_for", { seconds: Math.round((performance.now() - startMs) / 1000) }));
    }, 1000);
    try {
      const result = await task((share) => {
        if (!isNewest()) return;
        this.#bar.max = 1;
        this.#bar.value = share;
      });
      if (isNewest()) {
        this.element.hidden = doneText === "";
        setText(this.#text, doneText);
      }
      return result;
    } catch (error) {
      const text = errorText(error);
      if (!isNewest()) return null;
      this.element.hidden = text === null;
      this.element.classList.add("failed");
      setText(this.#text, text ?? "");
      return null;
    } finally {
      clearInterval(tick);
      if (isNewest()) this.#bar.hidden = true;
    }
  }
}
