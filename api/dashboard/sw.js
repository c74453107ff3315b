// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "fbee7293b33c";
const FILES = ["/dashboard/assets/accounts-Y58qsEDK.js", "/dashboard/assets/against_applied-vjvkOdGx.js", "/dashboard/assets/alarms-J4-XCIEQ.js", "/dashboard/assets/base-B-j7tR_S.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-wWpn49fQ.js", "/dashboard/assets/chart_panel-7AJ5Q118.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-LGblfaHr.js", "/dashboard/assets/chosen_note-DgJf59aN.js", "/dashboard/assets/cooperative-DgBpE2g0.js", "/dashboard/assets/cooperative-gcNHoxAs.js", "/dashboard/assets/coordinates_text-Bf0aLlvy.js", "/dashboard/assets/date_range-DloeAGSF.js", "/dashboard/assets/delete_record-BOOxHUDs.js", "/dashboard/assets/deliveries-DOVU4ZU_.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-BK2aNVJZ.js", "/dashboard/assets/doubt_cards-NAfdikCZ.js", "/dashboard/assets/draw_tool-BtQsjSIz.js", "/dashboard/assets/drawn_prescription-DrHn9Mv3.js", "/dashboard/assets/drawn_zones_model-Cg30v8kx.js", "/dashboard/assets/drop_file-CAUBzTUw.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-UO_BF9gV.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-Cx-8CWdE.js", "/dashboard/assets/farm_map-DlMHOGhf.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-Crk-BCDT.js", "/dashboard/assets/field-DKAmnyuC.js", "/dashboard/assets/field_map-DWjlJueS.js", "/dashboard/assets/field_weather-wQwkhVfp.js", "/dashboard/assets/field_work-DZcNzbeL.js", "/dashboard/assets/fields-ibOu7ZOf.js", "/dashboard/assets/file_button-B_czrf80.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-YKPfQ9YH.js", "/dashboard/assets/files-DuARizwP.js", "/dashboard/assets/first-CN9qpJrq.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-B-a_XSEa.js", "/dashboard/assets/forecast_providers-DHeglh-Z.js", "/dashboard/assets/forecast_source-CzuESpiX.js", "/dashboard/assets/form-B0cIJHa0.js", "/dashboard/assets/gateway_rules-BVcJC6SA.js", "/dashboard/assets/greenhouse-CMPAmLKJ.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-UxNM0OPO.js", "/dashboard/assets/grid_map-D1BqxEsW.js", "/dashboard/assets/harvest-DNsDOyv3.js", "/dashboard/assets/harvest_import-BnZaAhk5.js", "/dashboard/assets/health-CoYmaO7k.js", "/dashboard/assets/health-MIyBJYT8.js", "/dashboard/assets/house_answers-DGt1QgYf.js", "/dashboard/assets/house_tabs-BbuzlPWM.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CCoV2Ole.js", "/dashboard/assets/index-hNHyjAzG.js", "/dashboard/assets/interval_mark-BF5THreb.js", "/dashboard/assets/kept_records-xvDlX3M4.js", "/dashboard/assets/layout_map-lnAsDnoM.js", "/dashboard/assets/map-DsyZuylg.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-xKm4WGD4.js", "/dashboard/assets/next_hours-BShpKdn-.js", "/dashboard/assets/note_form-29DiuLyh.js", "/dashboard/assets/note_list-DYBzfSWG.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DxCaq3YX.js", "/dashboard/assets/notes_panel-GBO9rg1v.js", "/dashboard/assets/number_choice-DE8SpSaH.js", "/dashboard/assets/one_rate_prescription-CNt7TFwm.js", "/dashboard/assets/outline_model-CN1vM8aH.js", "/dashboard/assets/own-Cg1x2mwr.js", "/dashboard/assets/own-RfeTC1-m.js", "/dashboard/assets/people-D8IV6SY-.js", "/dashboard/assets/person_data-BAigI4ll.js", "/dashboard/assets/person_data-Dyny96zM.js", "/dashboard/assets/person_form-DGC94cgV.js", "/dashboard/assets/person_form-FloOoRJJ.js", "/dashboard/assets/person_record-DKEpRcZz.js", "/dashboard/assets/points_prescription-CGJd1Gob.js", "/dashboard/assets/prescription_fields-D_-nWRZn.js", "/dashboard/assets/push-D-J9CT6I.js", "/dashboard/assets/recall-Brmohbvy.js", "/dashboard/assets/records-B08gonLN.js", "/dashboard/assets/records-CFdZ9d-F.js", "/dashboard/assets/records-Drc_vGDz.js", "/dashboard/assets/report_links-Ho05-EIj.js", "/dashboard/assets/season_period-C9OXfyey.js", "/dashboard/assets/set_active-CkFdhmFg.js", "/dashboard/assets/settings-C1PRirj5.js", "/dashboard/assets/settings-C3GQRXeQ.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-CaDVoSx1.js", "/dashboard/assets/stability-B_jhUySc.js", "/dashboard/assets/style-CjoeDvUX.css", "/dashboard/assets/subject_notes-Cw-TP3o5.js", "/dashboard/assets/table_import-B6XVI5ES.js", "/dashboard/assets/tabs-pjIdsmmR.js", "/dashboard/assets/tapped_place-Bx0whIfX.js", "/dashboard/assets/treatments_panel-CTE0w6Qo.js", "/dashboard/assets/treatments_panel-Cpwm1sN3.js", "/dashboard/assets/trial_form-BKQn_Q8N.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-y3QxQPG7.js", "/dashboard/assets/water_panel-DTA1q42s.js", "/dashboard/assets/weather-1UIEJKv3.js", "/dashboard/assets/weather_panel-BBbWUwGF.js", "/dashboard/assets/wind_mark-voGirLzC.js", "/dashboard/assets/yield_panel-BEOSmT14.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-ByPre4jo.js", "/dashboard/assets/zone_colours-QqGTT6Lj.js", "/dashboard/assets/zone_key-BmafREqA.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
const PAGE_CACHE = `headland-page-${VERSION}`;
const ANSWER_CACHE = "headland-answers";
/** When an answer of the cache was received, epoch ms. */
const RECEIVED = "X-Headland-Received";
const MAX_ANSWERS = 400;
const MAX_ANSWER_BYTES = 2_000_000;
/** The same answer is stored again at most this often. */
const STORE_EVERY_MS = 5000;
const PAGE_WAIT_MS = 4000;
/** Streams, secrets and files that are downloaded. */
const NOT_KEPT = /^\/v1\/(live|keys|webhooks|export|quarantine)|\/(report|export|raw)\b/;
const storedMs = new Map();

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(PAGE_CACHE);
      await cache.addAll(["/", ...FILES].map((path) => new Request(path, { cache: "reload" })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith("headland-page-") && name !== PAGE_CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && (url.pathname === "/" || url.pathname === "/dashboard")) event.respondWith(answerPage(request));
  else if (url.pathname.startsWith("/dashboard/")) event.respondWith(answerFile(request, url));
  else if (url.pathname.startsWith("/v1/") && !NOT_KEPT.test(url.pathname) && !acceptsFile(request)) event.respondWith(answerQuestion(event));
});

function acceptsFile(request) {
  return !(request.headers.get("Accept") ?? "").includes("json");
}

/** The newest page where the station answers soon, else the one that was stored. */
async function answerPage(request) {
  const stored = await caches.match("/", { cacheName: PAGE_CACHE });
  if (stored === undefined) return fetch(request);
  try {
    return await fetch(request, { signal: AbortSignal.timeout(PAGE_WAIT_MS) });
  } catch {
    return stored;
  }
}

async function answerFile(request, url) {
  const stored = await caches.match(url.pathname, { cacheName: PAGE_CACHE });
  return stored ?? fetch(request);
}

async function answerQuestion(event) {
  const { request } = event;
  // The cache of a language and of a user: it is emptied when the user signs out.
  const key = new Request(`${request.url}${request.url.includes("?") ? "&" : "?"}lang=${request.headers.get("Accept-Language") ?? ""}`);
  try {
    const answer = await fetch(request);
    if (answer.status === 200 && (answer.headers.get("Content-Type") ?? "").includes("json")) event.waitUntil(keep(key, answer.clone()));
    return answer;
  } catch (error) {
    if (request.signal.aborted) throw error;
    const stored = await caches.match(key, { cacheName: ANSWER_CACHE });
    if (stored === undefined) throw error;
    return stored;
  }
}

async function keep(key, answer) {
  const now = Date.now();
  if (now - (storedMs.get(key.url) ?? 0) < STORE_EVERY_MS) return;
  storedMs.set(key.url, now);
  const body = await answer.arrayBuffer();
  if (body.byteLength > MAX_ANSWER_BYTES) return;
  const headers = new Headers(answer.headers);
  headers.set(RECEIVED, String(now));
  const cache = await caches.open(ANSWER_CACHE);
  // Put again is put last: the first keys are the oldest.
  await cache.delete(key);
  await cache.put(key, new Response(body, { status: 200, headers }));
  if (storedMs.size % 50 === 0) {
    const keys = await cache.keys();
    for (const old of keys.slice(0, Math.max(0, keys.length - MAX_ANSWERS))) await cache.delete(old);
  }
}

/** An alarm from the station: displayed in the language of the recipient, in place of an earlier one of the same rule. */
self.addEventListener("push", (event) => {
  let alarm = {};
  try {
    alarm = event.data?.json() ?? {};
  } catch {
    // Not of this station: a browser demands that something is displayed.
  }
  const options = {
    body: alarm.text ?? "",
    lang: alarm.language ?? "",
    icon: "/dashboard/icon-192.png",
    data: { address: "/#/alarms" },
    ...(alarm.tag ? { tag: `headland-${alarm.tag}`, renotify: true } : {}),
  };
  event.waitUntil(self.registration.showNotification(alarm.title ?? "Headland", options));
});

/** Opens the alarms: in a window of the page where there is one. */
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    (async () => {
      const [window] = await clients.matchAll({ type: "window", includeUncontrolled: true });
      if (window === undefined) return clients.openWindow(event.notification.data.address);
      await window.focus();
      return window.navigate(event.notification.data.address);
    })(),
  );
});
