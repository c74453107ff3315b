// Frame around every page: brand, connection, what waits to be sent, menu, language and area unit. On a phone it is one line with a menu button.

import { signal, type ReadonlySignal } from "@preact/signals";
import { render, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { storedSinceMs } from "../api/request";
import { currentSession, signOut } from "../api/session";
import { ageText, formatInstant, timeZoneNote } from "../i18n/instants";
import { currentAreaUnit, currentLanguage, setAreaUnit, setLanguage, type AreaUnit, type Language } from "../i18n/preferences";
import { term, translate, type TextKey } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { currentRoute, hrefOf } from "./address";
import { ClockNotice } from "./clock_notice";
import { hrefOfHelp } from "./help_of";
import { farmName, isFarmSimulated } from "./farm_of_bar";
import { printWhole } from "./print";
import { AlarmCount, TabBar } from "./tab_bar";
import { WaitingButton } from "./waiting";

/** A page in the menu: its name in the address and the key of its title. */
export interface MenuEntry {
  name: string;
  title: TextKey;
}

const CLOCK_MS = 10_000;
const DAY_AND_TIME = { month: "short", day: "numeric", hour: "numeric", minute: "2-digit", hourCycle: "h23" } as const;

export type Connection = "connecting" | "online" | "offline";

const CONNECTION_TEXT: Record<Connection, TextKey> = { connecting: "live_connecting", online: "live", offline: "live_offline" };

/** The text whose room is kept, so that nothing moves when another takes its place. */
function longestConnectionText(): string {
  const texts = Object.values(CONNECTION_TEXT).map((key) => translate(key));
  return texts.reduce((longest, text) => (text.length > longest.length ? text : longest));
}

export class Shell {
  readonly element = document.createElement("div");
  readonly main = document.createElement("main");
  readonly #page = signal("");
  readonly #message = signal<string | null>(null);
  readonly #connection = signal<Connection>("connecting");

  constructor(menu: readonly MenuEntry[], onSignedOut: () => void) {
    this.element.className = "shell";
    this.main.id = "main";
    this.main.tabIndex = -1;
    render(
      <Frame
        menu={menu}
        main={this.main}
        page={this.#page}
        message={this.#message}
        connection={this.#connection}
        onSignedOut={onSignedOut}
      />,
      this.element,
    );
  }

  setPage(name: string): void {
    this.#page.value = name;
  }

  showMessage(text: string | null): void {
    this.#message.value = text;
  }

  setConnection(connection: Connection): void {
    this.#connection.value = connection;
  }

  close(): void {
    render(null, this.element);
  }
}

interface FrameProps {
  menu: readonly MenuEntry[];
  main: HTMLElement;
  page: ReadonlySignal<string>;
  message: ReadonlySignal<string | null>;
  connection: ReadonlySignal<Connection>;
  onSignedOut: () => void;
}

function Frame({ menu, main, page, message, connection, onSignedOut }: FrameProps): JSX.Element {
  // The hash is the page's address: the link must not change it.
  const skip = (event: Event): void => {
    event.preventDefault();
    main.focus();
  };
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: a link to a place of the page, as assistive programs expect it. */}
      <a class="skip" href="#main" onClick={skip}>
        {translate("skip")}
      </a>
      <Bar menu={menu} page={page.value} connection={connection.value} onSignedOut={onSignedOut} />
      <p class="notice" role="alert" hidden={connection.value !== "offline"}>
        {connection.value === "offline" ? <Away /> : null}
      </p>
      <ClockNotice />
      <p class="notice" role="alert" hidden={message.value === null}>
        {message.value}
      </p>
      <DomNode node={main} />
      <footer class="foot">{timeZoneNote()}</footer>
      <TabBar menu={menu} page={page.value} />
    </>
  );
}

function Away(): JSX.Element {
  const since = storedSinceMs.value;
  return (
    <>
      {translate("offline_notice")} {since === null ? null : translate("offline_stored", { age: ageText(Date.now() - since) })}
    </>
  );
}

function Bar({
  menu,
  page,
  connection,
  onSignedOut,
}: {
  menu: readonly MenuEntry[];
  page: string;
  connection: Connection;
  onSignedOut: () => void;
}): JSX.Element {
  const [open, setOpen] = useState(false);
  // The menu closes when another page is opened.
  useEffect(() => setOpen(false), [page]);
  const session = currentSession();
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes the menu from anywhere in it.
    <header class="bar" onKeyDown={(event) => (event.key === "Escape" ? setOpen(false) : undefined)}>
      <a class="brand" href={hrefOf("today")}>
        <Mark />
        <span>{farmName.value ?? "Headland"}</span>
      </a>
      <BarClock />
      {isFarmSimulated.value ? (
        <span class="chip" title={translate("simulated_hint")}>
          {translate("simulated")}
        </span>
      ) : null}
      <span class="live" role="status" data-state={connection}>
        <span class="dot" aria-hidden="true" />
        <span class="live-text" data-longest={longestConnectionText()}>
          {translate(CONNECTION_TEXT[connection])}
        </span>
      </span>
      <WaitingButton />
      <HelpLink text="?" />
      <button type="button" class="menu-button" aria-expanded={open} aria-controls="menu" onClick={() => setOpen(!open)}>
        <span aria-hidden="true">☰</span>
        <span class="hidden">{translate("menu_button")}</span>
      </button>
      <div class={open ? "menu-panel open" : "menu-panel"} id="menu">
        <nav class="menu" aria-label={translate("menu")}>
          {menu.map(({ name, title }) => (
            <a
              key={name}
              href={hrefOf(name)}
              onClick={() => setOpen(false)}
              {...(name === page ? { "aria-current": "page" as const } : {})}
            >
              {translate(title)}
              {name === "alarms" ? <AlarmCount /> : null}
            </a>
          ))}
        </nav>
        <div class="choices">
          {session === null ? null : (
            <span class="account">
              <span>{translate("signed_in_as", { organisation: session.organisation.name, scope: term("scopes", session.scope) })} </span>
              <button type="button" class="plain" onClick={() => void signOut().finally(onSignedOut)}>
                {translate("sign_out")}
              </button>
            </span>
          )}
          <Switch<AreaUnit>
            name={translate("area_unit")}
            kind="area"
            options={[
              { value: "ha", text: translate("per_ha") },
              { value: "mu", text: translate("per_mu") },
            ]}
            chosen={currentAreaUnit()}
            choose={setAreaUnit}
          />
          <Switch<Language>
            name="Language / 语言"
            kind="language"
            options={[
              { value: "en", text: "EN", lang: "en" },
              { value: "zh-CN", text: "中文", lang: "zh-CN" },
            ]}
            chosen={currentLanguage()}
            choose={setLanguage}
          />
          <button type="button" class="plain" data-act="print" onClick={() => void printWhole()}>
            {translate("print")}
          </button>
          <HelpLink text={translate("help")} />
          <a href="/docs">{translate("api")}</a>
          <a href="/third-party-notices">{translate("notices_of_others")}</a>
        </div>
      </div>
    </header>
  );
}

/** The help about where somebody stands: which heading is open there is known when it is asked for. */
function HelpLink({ text }: { text: string }): JSX.Element {
  return (
    <a
      class={text === "?" ? "help-link" : undefined}
      href={hrefOfHelp(currentRoute())}
      {...(text === "?" ? { "aria-label": translate("help_here") } : {})}
      title={translate("help_here")}
      onClick={(event) => {
        event.currentTarget.href = hrefOfHelp(currentRoute());
      }}
    >
      {text}
    </a>
  );
}

/** The day and the time at the farm. */
function BarClock(): JSX.Element {
  const [, draw] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => draw(nowMs()), CLOCK_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <span class="bar-clock">
      {formatInstant(nowMs(), currentLanguage() === "en" ? DAY_AND_TIME : { ...DAY_AND_TIME, weekday: "short" })}
    </span>
  );
}

/** The mark of Headland (public/headland.svg) as a part of the page: an image would be another document to load. */
function Mark(): JSX.Element {
  return (
    <svg viewBox="0 0 32 32" width={28} height={28} aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#2f7d4f" />
      <g fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round">
        <path d="M7 25V11M13 25V11M19 25V11M25 25V11" opacity=".55" />
        <path d="M7 11a3 3 0 0 1 6 0M19 11a3 3 0 0 1 6 0M13 25a3 3 0 0 0 6 0" />
      </g>
    </svg>
  );
}

interface SwitchProps<Value extends string> {
  name: string;
  kind: string;
  options: readonly { value: Value; text: string; lang?: string }[];
  chosen: Value;
  choose: (value: Value) => void;
}

function Switch<Value extends string>({ name, kind, options, chosen, choose }: SwitchProps<Value>): JSX.Element {
  return (
    <fieldset class="switch" aria-label={name}>
      {options.map(({ value, text, lang }) => (
        <button
          key={value}
          type="button"
          {...(lang === undefined ? {} : { lang })}
          {...{ [`data-${kind}`]: value }}
          aria-pressed={value === chosen}
          onClick={() => choose(value)}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}
