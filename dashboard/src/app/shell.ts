// Frame around every page: brand, menu, connection state, language and area unit.

import { currentSession, signOut } from "../api/session";
import { make, setText } from "../components/dom";
import { timeZoneNote } from "../i18n/instants";
import { currentAreaUnit, currentLanguage, setAreaUnit, setLanguage, type AreaUnit, type Language } from "../i18n/preferences";
import { term, translate, type TextKey } from "../i18n/translate";
import { hrefOf } from "./address";

/** A page in the menu: its name in the address and the key of its title. */
export interface MenuEntry {
  name: string;
  title: TextKey;
}

export type Connection = "connecting" | "online" | "offline";

const CONNECTION_TEXT: Record<Connection, TextKey> = { connecting: "live_connecting", online: "live", offline: "live_offline" };

export class Shell {
  readonly element = make("div", { class: "shell" });
  readonly main = make("main", { id: "main", tabindex: -1 });
  readonly #live = make("span", { class: "live", role: "status" });
  readonly #message = make("p", { class: "notice", role: "alert", hidden: true });
  readonly #offline = make("p", { class: "notice", role: "alert", hidden: true });
  readonly #links = new Map<string, HTMLAnchorElement>();

  constructor(menu: readonly MenuEntry[], onSignedOut: () => void) {
    for (const page of menu) {
      this.#links.set(page.name, make("a", { href: hrefOf(page.name) }, translate(page.title)));
    }
    const session = currentSession();
    const account =
      session === null
        ? null
        : make(
            "span",
            { class: "account" },
            translate("signed_in_as", { organisation: session.organisation.name, scope: term("scopes", session.scope) }),
            " ",
            make("button", { type: "button", class: "plain", onclick: () => void signOut().finally(onSignedOut) }, translate("sign_out")),
          );
    this.element.append(
      make("a", { class: "skip", href: "#main", onclick: (event: Event) => this.#skip(event) }, translate("skip")),
      make(
        "header",
        { class: "bar" },
        make(
          "a",
          { class: "brand", href: hrefOf("farm") },
          make("img", { src: "/dashboard/headland.svg", alt: "", width: 28, height: 28 }),
          make("span", {}, "Headland"),
        ),
        this.#live,
        make("nav", { class: "menu", "aria-label": translate("menu") }, ...this.#links.values()),
        make(
          "div",
          { class: "choices" },
          account,
          buildSwitch<AreaUnit>(
            translate("area_unit"),
            [
              ["ha", translate("per_ha"), null],
              ["mu", translate("per_mu"), null],
            ],
            currentAreaUnit(),
            setAreaUnit,
            "area",
          ),
          buildSwitch<Language>(
            "Language / 语言",
            [
              ["en", "EN", "en"],
              ["zh-CN", "中文", "zh-CN"],
            ],
            currentLanguage(),
            setLanguage,
            "language",
          ),
          make("a", { href: currentLanguage() === "zh-CN" ? "/help/zh/" : "/help/" }, translate("help")),
          make("a", { href: "/docs" }, translate("api")),
        ),
      ),
      this.#offline,
      this.#message,
      this.main,
      make("footer", { class: "foot" }, timeZoneNote()),
    );
    this.setConnection("connecting");
  }

  setPage(name: string): void {
    for (const [page, link] of this.#links) {
      if (page === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  showMessage(text: string | null): void {
    this.#message.hidden = text === null;
    setText(this.#message, text ?? "");
  }

  setConnection(connection: Connection): void {
    this.#live.dataset["state"] = connection;
    const text = translate(CONNECTION_TEXT[connection]);
    if (this.#live.textContent !== text) this.#live.replaceChildren(make("span", { class: "dot", "aria-hidden": "true" }), text);
    this.#offline.hidden = connection !== "offline";
    setText(this.#offline, connection === "offline" ? translate("offline_notice") : "");
  }

  // The hash is the page's address: the link must not change it.
  #skip(event: Event): void {
    event.preventDefault();
    this.main.focus();
  }
}

function buildSwitch<T extends string>(
  name: string,
  options: [value: T, text: string, lang: string | null][],
  selected: T,
  select: (value: T) => void,
  kind: string,
): HTMLElement {
  return make(
    "span",
    { class: "switch", role: "group", "aria-label": name },
    ...options.map(([value, text, lang]) =>
      make(
        "button",
        { type: "button", lang, [`data-${kind}`]: value, "aria-pressed": String(value === selected), onclick: () => select(value) },
        text,
      ),
    ),
  );
}
