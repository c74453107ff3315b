// What stands around every page: name, menu, whether the station answers, language and unit of ground.

import { currentSession, signOut } from "../api/session";
import { make, setText } from "../components/dom";
import { zoneNote } from "../i18n/instants";
import { chooseArea, chooseLanguage, currentArea, currentLanguage, type AreaUnit, type Language } from "../i18n/preferences";
import { word, wordOf, type Word } from "../i18n/translate";
import { hrefOf } from "./address";

/** A page in the menu: its name in the address and the key of its title. */
export interface MenuEntry {
  name: string;
  title: Word;
}

export type Reach = "wait" | "on" | "off";

export class Shell {
  readonly element = make("div", { class: "shell" });
  readonly main = make("main", { id: "main", tabindex: -1 });
  readonly #live = make("span", { class: "live", role: "status" });
  readonly #notice = make("p", { class: "notice", role: "alert", hidden: true });
  readonly #lost = make("p", { class: "notice", role: "alert", hidden: true });
  readonly #links = new Map<string, HTMLAnchorElement>();
  #reach: Reach = "wait";

  constructor(menu: readonly MenuEntry[], onSignedOut: () => void) {
    for (const page of menu) {
      this.#links.set(page.name, make("a", { href: hrefOf(page.name) }, word(page.title)));
    }
    const session = currentSession();
    const who = session === null ? null : make("span", { class: "who" },
      word("signed_in_as", { organisation: session.organisation.name, scope: wordOf("scope", session.scope, session.scope) }), " ",
      make("button", { type: "button", class: "plain", onclick: () => void signOut().finally(onSignedOut) }, word("sign_out")));
    this.element.append(
      make("a", { class: "skip", href: "#main", onclick: (event: Event) => this.#skip(event) }, word("skip")),
      make("header", { class: "bar" },
        make("a", { class: "brand", href: hrefOf("farm") }, make("img", { src: "/dashboard/headland.svg", alt: "", width: 28, height: 28 }), make("span", {}, "Headland")),
        this.#live,
        make("nav", { class: "menu", "aria-label": word("menu") }, ...this.#links.values()),
        make("div", { class: "choices" }, who,
          choice<AreaUnit>(word("area_unit"), [["ha", word("per_ha"), null], ["mu", word("per_mu"), null]], currentArea(), chooseArea, "area"),
          choice<Language>("Language / 语言", [["en", "EN", "en"], ["zh-CN", "中文", "zh-CN"]], currentLanguage(), chooseLanguage, "language"),
          make("a", { href: "/docs" }, word("api")))),
      this.#lost,
      this.#notice,
      this.main,
      make("footer", { class: "foot" }, zoneNote()));
    this.reach(this.#reach);
  }

  setPage(name: string): void {
    for (const [page, link] of this.#links) {
      if (page === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  say(sentence: string | null): void {
    this.#notice.hidden = sentence === null;
    setText(this.#notice, sentence ?? "");
  }

  reach(state: Reach): void {
    this.#reach = state;
    this.#live.dataset["state"] = state;
    const text = word(state === "on" ? "live" : state === "off" ? "live_lost" : "live_wait");
    if (this.#live.textContent !== text) this.#live.replaceChildren(make("span", { class: "dot", "aria-hidden": "true" }), text);
    this.#lost.hidden = state !== "off";
    setText(this.#lost, state === "off" ? word("lost_notice") : "");
  }

  // The address is the router's: skipping must not change it.
  #skip(event: Event): void {
    event.preventDefault();
    this.main.focus();
  }
}

function choice<T extends string>(name: string, options: [value: T, text: string, lang: string | null][], chosen: T, choose: (value: T) => void, kind: string): HTMLElement {
  return make("span", { class: "switch", role: "group", "aria-label": name },
    ...options.map(([value, text, lang]) =>
      make("button", { type: "button", lang, [`data-${kind}`]: value, "aria-pressed": String(value === chosen), onclick: () => choose(value) }, text)));
}
