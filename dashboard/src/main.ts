// Puts the dashboard together: signs in, then shows the page that the address names, anew whenever a choice changes.

import "./style.css";

import { Farm } from "./api/farm_state";
import { AskError, onReachable, sentenceOf, whenSignedOut } from "./api/request";
import { openSession } from "./api/session";
import { currentRoute, hrefOf, keepInAddress } from "./app/address";
import { Shell } from "./app/shell";
import { signInForm } from "./app/sign_in";
import { askZones } from "./app/time_zones";
import { makeView } from "./app/view";
import { make } from "./components/dom";
import { onChoice } from "./i18n/preferences";
import { word } from "./i18n/translate";
import { findPage, PAGES } from "./pages";

const app = document.getElementById("app") as HTMLElement;
const AGAIN_MS = 3000;
let farm: Farm | null = null;
let shell: Shell | null = null;
let leave: () => void = () => undefined;
let reachable = true;

async function start(): Promise<void> {
  try {
    if (!(await openSession())) {
      showSignIn();
      return;
    }
    farm ??= await startFarm();
  } catch (error) {
    if (error instanceof AskError && error.status === 401) {
      showSignIn();
      return;
    }
    app.replaceChildren(make("p", { class: "empty", role: "alert" }, sentenceOf(error)));
    setTimeout(() => void start(), AGAIN_MS);
    return;
  }
  showShell();
}

async function startFarm(): Promise<Farm> {
  const made = new Farm();
  try {
    await Promise.all([made.start(), askZones()]);
  } catch (error) {
    made.stop();
    throw error;
  }
  made.onChange(showReach);
  return made;
}

function showSignIn(): void {
  // Whoever types a key must not lose it to a late answer that says the same again.
  if (app.querySelector("form.sign-in-form") !== null) return;
  leave();
  leave = () => undefined;
  farm?.stop();
  farm = null;
  shell = null;
  document.title = `${word("sign_in")} · Headland`;
  app.replaceChildren(signInForm(() => void start()));
  app.querySelector("input")?.focus();
}

function showShell(): void {
  shell = new Shell(PAGES, showSignIn);
  app.replaceChildren(shell.element);
  showReach();
  void showPage();
}

function showReach(): void {
  const state = !reachable || farm?.stream === "lost" ? "off" : farm?.stream === "open" ? "on" : "wait";
  // A stream that is lost while the station answers is no lost station: newest values are asked for instead.
  shell?.reach(state === "off" && reachable ? "wait" : state);
}

async function showPage(): Promise<void> {
  if (shell === null || farm === null) return;
  const within = shell;
  leave();
  const route = currentRoute();
  const entry = findPage(route.page);
  const place = make("div", { class: "page", "data-page": route.page });
  within.main.replaceChildren(place);
  within.say(null);
  within.setPage(route.page);
  if (entry === undefined) {
    place.append(make("p", { class: "empty" }, word("page_unknown"), " ", make("a", { href: hrefOf("farm") }, word("to_farm"))));
    return;
  }
  const setTitle = (title: string): void => {
    document.title = `${title} · Headland`;
  };
  const made = makeView(route, farm, { setTitle, say: (sentence) => within.say(sentence), keep: keepInAddress });
  leave = made.leave;
  setTitle(word(entry.title));
  try {
    const { mount } = await entry.load();
    if (!made.view.signal.aborted) await mount(place, made.view);
  } catch (error) {
    if (!made.view.signal.aborted) within.say(sentenceOf(error));
  }
  place.dataset["mounted"] = "true";
}

onReachable((now) => {
  if (now === reachable) return;
  reachable = now;
  showReach();
});
whenSignedOut(showSignIn);
onChoice(() => (shell === null ? void start() : showShell()));
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#key=")) void start();
  else void showPage();
});
void start();
