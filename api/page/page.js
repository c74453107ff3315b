// Puts the page together: asks often what changes often, and draws once a second so that ages count on.

import { AlarmSection } from "/page/alarms.js";
import { DeviceCard } from "/page/cards.js";
import { setText } from "/page/dom.js";
import { Farm } from "/page/farm.js";
import { enter, enterAgain } from "/page/session.js";
import { chooseLanguage, setLanguage, word } from "/page/words.js";

const ORDER = ["greenhouse", "drone"];

const farm = new Farm();
const cards = new Map();
const place = document.getElementById("cards");
const empty = document.getElementById("empty");
const notice = document.getElementById("notice");
const live = document.getElementById("live");
const alarms = new AlarmSection(document.getElementById("alarms"), farm, (id) => attempt(() => farm.acknowledge(id)));

function applyLanguage(tag) {
  setLanguage(tag);
  document.documentElement.lang = tag;
  for (const element of document.querySelectorAll("[data-word]")) setText(element, word(element.dataset.word));
  for (const button of document.querySelectorAll("[data-language]")) button.setAttribute("aria-pressed", String(button.dataset.language === tag));
  cards.clear();
  alarms.clear();
  for (const column of place.children) column.replaceChildren();
  draw();
}

function draw() {
  const devices = [...farm.devices.values()].sort((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id));
  for (const device of devices) {
    if (!cards.has(device.id)) {
      const card = new DeviceCard(farm, device, (changed) => attempt(() => farm.askFlight(changed.id, changed.swathM)));
      cards.set(device.id, card);
    }
  }
  arrange(devices);
  for (const card of cards.values()) card.update();
  alarms.update();
  empty.hidden = devices.length > 0;
  if (farm.online !== null) setText(empty, word(farm.online ? "empty" : "lostNotice"));
  live.dataset.state = farm.online === null ? "wait" : farm.online ? "on" : "off";
  setText(document.getElementById("live-text"), farm.online === null ? word("loading") : word(farm.online ? "live" : "lost"));
  notice.hidden = farm.online !== false || devices.length === 0;
  setText(notice, word("lostNotice"));
}

// Two columns on a wide screen: drones, which are tall, in the second where there is anything else.
function arrange(devices) {
  const others = devices.filter((device) => device.kind !== "drone");
  const mixed = others.length > 0 && others.length < devices.length;
  const second = devices.filter((device, index) => (mixed ? device.kind === "drone" : index % 2 === 1));
  const first = devices.filter((device) => !second.includes(device));
  for (const [column, members] of [[place.children[0], first], [place.children[1], second]]) {
    const wanted = members.map((device) => cards.get(device.id).element);
    const changed = wanted.length !== column.children.length || wanted.some((element, index) => column.children[index] !== element);
    if (changed) column.replaceChildren(...wanted);
    column.hidden = wanted.length === 0;
  }
}

function rank(device) {
  const place = ORDER.indexOf(device.kind);
  return place < 0 ? ORDER.length : place;
}

async function attempt(task) {
  try {
    await task();
  } catch {
    // Already noted: the page says that the station does not answer, and ages go on.
  }
  draw();
}

// Ask again after a while for as long as the page is looked at; what is asked never overlaps with itself.
async function repeat(everyMs, task) {
  for (;;) {
    if (!document.hidden) await attempt(task);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

async function forEachOf(kind, task) {
  for (const device of [...farm.devices.values()]) if (kind === null || device.kind === kind) await task(device.id);
}

// Not for each event: ten a second are as fast as anybody sees.
let drawSoon = null;
function onValues() {
  drawSoon ??= setTimeout(() => {
    drawSoon = null;
    draw();
  }, 100);
}

function listenWhileSeen() {
  if (document.hidden) farm.stopListening();
  else if (farm.deaf) farm.listen(onValues);
}

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    localStorage.setItem("headland.language", button.dataset.language);
    applyLanguage(button.dataset.language);
  });
}

applyLanguage(chooseLanguage());
await enter();
farm.onSignedOut = enterAgain;
await attempt(() => farm.askDevices());
await attempt(() => farm.askLatest());
repeat(10_000, () => farm.askDevices());
repeat(5000, () => farm.askAlarms());
listenWhileSeen();
document.addEventListener("visibilitychange", listenWhileSeen);
setInterval(listenWhileSeen, 30_000);
repeat(1500, async () => {
  if (!farm.streaming) await farm.askLatest();
});
repeat(60_000, () => forEachOf(null, (id) => farm.askDetail(id)));
repeat(5000, async () => {
  await forEachOf(null, (id) => farm.askCharts(id, cards.get(id)?.chartChannels() ?? []));
  await forEachOf("greenhouse", (id) => farm.askClimate(id));
  await forEachOf("drone", (id) => farm.askFlight(id, cards.get(id)?.swathM ?? 5));
});
setInterval(draw, 1000);
