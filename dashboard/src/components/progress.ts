// Long work: says that it runs and for how long, how far it is where that is known, and in one sentence what went wrong.

import { sentenceOf } from "../api/request";
import { word } from "../i18n/translate";
import { make, setText } from "./dom";

export class Progress {
  readonly element: HTMLElement;
  readonly #bar = make("progress", { "aria-label": word("working") });
  readonly #said = make("span", { class: "progress-said" });

  constructor() {
    this.element = make("p", { class: "progress", role: "status", hidden: true }, this.#bar, this.#said);
  }

  /** Run `work` and show how it goes; `null` where it failed. `tell(share)` moves the bar, from 0 to 1. */
  async run<T>(work: (tell: (share: number) => void) => Promise<T>, doneText = ""): Promise<T | null> {
    const began = performance.now();
    this.element.hidden = false;
    this.element.classList.remove("failed");
    this.#bar.hidden = false;
    this.#bar.removeAttribute("value");
    setText(this.#said, word("working"));
    const tick = setInterval(() => setText(this.#said, word("working_for", { seconds: Math.round((performance.now() - began) / 1000) })), 1000);
    try {
      const made = await work((share) => {
        this.#bar.max = 1;
        this.#bar.value = share;
      });
      this.element.hidden = doneText === "";
      setText(this.#said, doneText);
      return made;
    } catch (error) {
      const sentence = sentenceOf(error);
      this.element.hidden = sentence === null;
      this.element.classList.add("failed");
      setText(this.#said, sentence ?? "");
      return null;
    } finally {
      clearInterval(tick);
      this.#bar.hidden = true;
    }
  }
}
