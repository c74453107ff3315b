// Entry point of the dashboard: signs in and displays the page of the address, again after each change of a preference.

import "./style.css";

import "./api/authors";
import { FarmState } from "./api/farm_state";
import { queries } from "./api/query";
import { ApiError, askAgain, errorText, onReachability, onSessionEnded } from "./api/request";
import { loadQuantities } from "./api/quantities";
import { startQueue } from "./api/queue";
import { currentSession, forgetAnswers, isProbablyMember, openSession } from "./api/session";
import { tellSimulated } from "./app/farm_of_bar";
import { acceptDroppedFiles } from "./app/dropped_files";
import { currentRoute, hrefOf, setQueryParameter } from "./app/address";
import { Shell } from "./app/shell";
import { startPrint } from "./app/print";
import { showSignInForm } from "./app/sign_in";
import { startTheme } from "./app/theme";
import { loadTimeZone } from "./app/time_zones";
import { nextTask } from "./app/turns";
import { createView, type View } from "./app/view";
import { closeTimeZone } from "./i18n/instants";
import { onPreferenceChange } from "./i18n/preferences";
import { translate } from "./i18n/translate";
import { findPage, menuOf, pagesOf, type PageEntry } from "./pages";
import { mountOverlays } from "./ui/overlays";

const app = document.getElementById("app") as HTMLElement;
const overlays = document.body.appendChild(document.createElement("div"));
const RETRY_MS = 3000;
const LOOK_MS = 200;
const CALM_LOOKS = 2;
const MOST_LOOKS = 20;
let farm: FarmState | null = null;
let shell: Shell | null = null;
let leavePage: () => void = () => undefined;
let endSignIn: () => void = () => undefined;
let reachable = true;

async function start(): Promise<void> {
  await nextTask();
  // The code of the page and what it reads come while the session is asked for; a failure is told when the page is shown.
  const isForMember = isProbablyMember();
  const page = findPage(isForMember ? "cooperative" : currentRoute().page)?.load();
  page?.catch(() => undefined);
  // A key in the address is to become a session first, and most of it is refused to a member.
  const isEarly = !location.hash.startsWith("#key=") && !isForMember;
  const early = isEarly && farm === null ? new FarmState() : null;
  const loaded =
    early === null ? undefined : Promise.all([early.start(), nextTask().then(loadTimeZone), loadQuantities()]).then(() => undefined);
  loaded?.catch(() => undefined);
  if (isEarly)
    void Promise.all([page, nextTask()])
      .then(([code]) => code?.prepare?.())
      .catch(() => undefined);
  await nextTask();
  try {
    if (!(await openSession())) {
      early?.stop();
      showSignIn();
      return;
    }
    farm ??= await startFarm(early, loaded);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      showSignIn();
      return;
    }
    endSignIn();
    showNote(app, errorText(error) ?? "");
    setTimeout(() => void start(), RETRY_MS);
    return;
  }
  const frame = openShell();
  // Before the next task, in which the session may have ended and the farm be gone.
  void followWhenCalm(farm);
  await nextTask();
  // The person may have chosen another page or language meanwhile.
  if (shell === frame && frame.main.firstChild === null) void showPage();
  // A private window may have no database: then nothing is kept, and forms say so.
  void startQueue().catch(() => undefined);
}

/** Open the stream of a farm once the page has the answers that it asked for, or after a while: on a slow link they come first. */
async function followWhenCalm(started: FarmState): Promise<void> {
  let calm = 0;
  for (let waited = 0; calm < CALM_LOOKS && waited < MOST_LOOKS; waited += 1) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    calm = queries.isFetching() === 0 ? calm + 1 : 0;
  }
  if (!isMember()) started.follow();
}

function isMember(): boolean {
  return currentSession()?.role === "member";
}

async function startFarm(early: FarmState | null, loaded: Promise<void> | undefined): Promise<FarmState> {
  const started = early ?? new FarmState();
  // A member of the cooperative sees no devices.
  if (isMember()) {
    started.stop();
    closeTimeZone();
    await loadQuantities();
    return new FarmState();
  }
  try {
    await (loaded ?? Promise.all([started.start(), loadTimeZone(), loadQuantities()]));
  } catch (error) {
    started.stop();
    throw error;
  }
  started.onChange(showConnection);
  const tell = (): void => tellSimulated([...started.devices.values()].some(({ simulated }) => simulated));
  started.onChange(tell);
  tell();
  return started;
}

function showSignIn(message = ""): void {
  // A late answer 401 must not clear a key that is being typed.
  if (app.querySelector("form.sign-in-form") !== null) return;
  leavePage();
  leavePage = () => undefined;
  void forgetAnswers();
  farm?.stop();
  farm = null;
  queries.clear();
  shell?.close();
  shell = null;
  document.title = `${translate("sign_in")} · Headland`;
  const place = document.createElement("div");
  app.replaceChildren(place);
  endSignIn = showSignInForm(place, { message, onSignedIn: () => void start() });
  app.querySelector("input")?.focus();
}

/** Display one sentence in place of a page, with a link where one helps. */
function showNote(place: HTMLElement, text: string, link?: { href: string; text: string }): void {
  const note = document.createElement("p");
  note.className = "empty";
  note.append(text);
  if (link === undefined) note.role = "alert";
  else {
    const leads = document.createElement("a");
    leads.href = link.href;
    leads.textContent = link.text;
    note.append(" ", leads);
  }
  place.replaceChildren(note);
}

function openShell(): Shell {
  shell?.close();
  endSignIn();
  shell = new Shell(menuOf(), showSignIn);
  app.replaceChildren(shell.element);
  showConnection();
  return shell;
}

function showConnection(): void {
  const streaming = farm?.stream === "open" || isMember();
  // A lost stream alone is not an outage: newest values are polled meanwhile.
  shell?.setConnection(!reachable ? "offline" : streaming ? "online" : "connecting");
}

async function showPage(): Promise<void> {
  if (shell === null || farm === null) return;
  const frame = shell;
  leavePage();
  const asked = currentRoute();
  const route = isMember() && ["today", "farm"].includes(asked.page) ? { ...asked, page: "cooperative" } : asked;
  const entry = pagesOf().find(({ name }) => name === route.page);
  const place = document.createElement("div");
  place.className = "page";
  place.dataset["page"] = route.page;
  frame.main.replaceChildren(place);
  scrollTo(0, 0);
  frame.showMessage(null);
  frame.setPage(route.page);
  if (entry === undefined) {
    showNote(place, translate("page_unknown"), { href: hrefOf("today"), text: translate("to_today") });
    return;
  }
  const setTitle = (title: string): void => {
    document.title = `${title} · Headland`;
  };
  const { view, leave } = createView(route, farm, {
    setTitle,
    showMessage: (text) => frame.showMessage(text),
    setQuery: setQueryParameter,
  });
  leavePage = leave;
  setTitle(translate(entry.title));
  try {
    const { mount } = await loadPage(entry, frame, view);
    if (!view.signal.aborted) await mount(place, view);
  } catch (error) {
    if (!view.signal.aborted) frame.showMessage(errorText(error));
  }
  place.dataset["mounted"] = "true";
}

/** Load the code of a page; while the station is away, wait for it. */
async function loadPage(entry: PageEntry, frame: Shell, view: View): Promise<Awaited<ReturnType<PageEntry["load"]>>> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const loaded = await entry.load();
      if (attempt > 0) frame.showMessage(null);
      return loaded;
    } catch (error) {
      if (view.signal.aborted) throw error;
      frame.showMessage(translate("page_waits"));
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      // Some browsers remember that a module failed, and after an update of the station its name is another one.
      if (await isStationThere()) {
        if (attempt > 0) location.reload();
      } else attempt = 0;
    }
  }
}

async function isStationThere(): Promise<boolean> {
  try {
    return (await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(RETRY_MS) })).ok;
  } catch {
    return false;
  }
}

onReachability((answered) => {
  if (answered === reachable) return;
  reachable = answered;
  showConnection();
});
// Before there is a page, the answer to the session says whether to sign in.
onSessionEnded((why) => {
  if (shell !== null || farm !== null) showSignIn(why);
});
startTheme();
startPrint();
acceptDroppedFiles();
onPreferenceChange(() => {
  if (shell === null) void start();
  else {
    openShell();
    void showPage();
  }
});
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#key=")) void start();
  else void showPage();
});
void start();
void nextTask().then(() => mountOverlays(overlays));
/** How long the first visit is left alone before its answers are asked for again [ms]. */
const ASK_AGAIN_MS = 10_000;

// Only over TLS or on the station itself does a browser allow a service worker; the page works without it.
if ("serviceWorker" in navigator && import.meta.env.PROD) {
  if (navigator.serviceWorker.controller === null)
    navigator.serviceWorker.addEventListener("controllerchange", () => setTimeout(askAgain, ASK_AGAIN_MS), { once: true });
  void navigator.serviceWorker.register("/dashboard/sw.js", { scope: "/" }).catch(() => undefined);
}
