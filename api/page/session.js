// Signing in: a key, from the address or typed in, becomes a cookie that no script can read.

import { setText } from "/page/dom.js";
import { word } from "/page/words.js";

const PATH = "/v1/session";
const FRAGMENT = "#key=";

const form = document.getElementById("entry");
const trouble = document.getElementById("entry-trouble");
const leave = document.getElementById("leave");

// Done once somebody is signed in; where the station does not answer, that is for the page to say.
export async function enter() {
  const offered = takeOffered();
  if (offered !== null && (await signIn(offered)) === null) return show(true);
  try {
    const answer = await fetch(PATH);
    if (answer.status === 401) await askForKey();
  } catch {
    return;
  }
  show(true);
}

// The session is over: ask for a key, and begin anew.
export async function enterAgain() {
  if (!form.hidden) return;
  await askForKey();
  location.reload();
}

// What stands behind # reaches no server; it must not stay in the address bar or the history either.
function takeOffered() {
  if (!location.hash.startsWith(FRAGMENT)) return null;
  const key = decodeURIComponent(location.hash.slice(FRAGMENT.length));
  history.replaceState(null, "", location.pathname + location.search);
  return key;
}

// Returns what is wrong, null where nothing is.
async function signIn(key) {
  try {
    const answer = await fetch(PATH, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ key: key.trim() }) });
    if (answer.ok) return null;
    return word(answer.status === 429 ? "keyTooOften" : "keyRefused");
  } catch {
    return word("lost");
  }
}

function askForKey() {
  show(false);
  form.elements.key.focus();
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      const wrong = await signIn(form.elements.key.value);
      setText(trouble, wrong ?? "");
      if (wrong !== null) return;
      form.reset();
      show(true);
      resolve();
    };
  });
}

function show(inside) {
  form.hidden = inside;
  document.getElementById("farm").hidden = !inside;
  leave.hidden = !inside;
}

leave.addEventListener("click", async () => {
  await fetch(PATH, { method: "DELETE" });
  location.reload();
});
