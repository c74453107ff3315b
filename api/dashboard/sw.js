// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "9663fea7aa44";
const FILES = ["/dashboard/assets/accounts-DoSyZOv7.js", "/dashboard/assets/against_applied-BDH5kA2j.js", "/dashboard/assets/alarms-BlRSZVWC.js", "/dashboard/assets/band_text-D60VbSbf.js", "/dashboard/assets/base-BaNP-9zw.js", "/dashboard/assets/chart-B2liS_qX.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/chosen_note-Bhdtgm7m.js", "/dashboard/assets/cooperative-BPCMEUO8.js", "/dashboard/assets/cooperative-DoXe39KG.js", "/dashboard/assets/date_range-D5AHTb1G.js", "/dashboard/assets/deliveries-NgvUFIOp.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-DjdGlqJI.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-bYkRB1uw.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-Dd17LHYy.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-Cs0EtPVE.js", "/dashboard/assets/field-B2jHHvvJ.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-DskLKceM.js", "/dashboard/assets/field_map-HALjyMY4.js", "/dashboard/assets/field_weather-wyYQ9iKC.js", "/dashboard/assets/field_work-hl0QcO_Y.js", "/dashboard/assets/fields-BCkIobUD.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CBZoZGPN.js", "/dashboard/assets/file_button-DucHLEAV.js", "/dashboard/assets/files-ZOSGymx3.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-x_2QRsa6.js", "/dashboard/assets/form-BfAJl8J0.js", "/dashboard/assets/greenhouse-BfeZtlJt.js", "/dashboard/assets/greenhouse-CGQV8-in.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-NS1rEtOZ.js", "/dashboard/assets/harvest-CAzmfM-M.js", "/dashboard/assets/harvest_import-CqbJAERK.js", "/dashboard/assets/health-CDOXyTiF.js", "/dashboard/assets/health-DOuB2tkW.js", "/dashboard/assets/house_tabs-DL6njRmI.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-Bf0xZbq1.js", "/dashboard/assets/index-neqWlwOA.js", "/dashboard/assets/interval_mark-rx3IxXGF.js", "/dashboard/assets/kept_records-CWJgO15V.js", "/dashboard/assets/layout_map-D3M_GclK.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-C1VYonGQ.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-CjMYXH_s.js", "/dashboard/assets/note_form-CIVzsGJ5.js", "/dashboard/assets/note_list-DeIXDCwe.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DSDHvV1z.js", "/dashboard/assets/notes_panel-BVlaQwlj.js", "/dashboard/assets/one_rate_prescription-Cw3LYu03.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/own-B_SeuEvZ.js", "/dashboard/assets/own-DIPe4J7j.js", "/dashboard/assets/people-sLlu7r0M.js", "/dashboard/assets/person_data-CaK_e0xc.js", "/dashboard/assets/person_data-CcTxo399.js", "/dashboard/assets/person_form-B4aex_ig.js", "/dashboard/assets/person_form-S0BhdTrf.js", "/dashboard/assets/person_record-BmgM_Drg.js", "/dashboard/assets/points_prescription-dl7HctSo.js", "/dashboard/assets/prescription_fields-03wpy7h7.js", "/dashboard/assets/push-BMK1gzdq.js", "/dashboard/assets/recall-AO3y5kEI.js", "/dashboard/assets/records-DCT5kRmC.js", "/dashboard/assets/records-DHI3yzBA.js", "/dashboard/assets/records-r3ufVLWw.js", "/dashboard/assets/report_links-CikWqNyf.js", "/dashboard/assets/season_period-C-ByYGRW.js", "/dashboard/assets/set_active-BsYln5-l.js", "/dashboard/assets/settings-D7KyAHAH.js", "/dashboard/assets/settings-Ueri7_5A.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-CaYrs0Hq.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-DI_1KFLS.js", "/dashboard/assets/table_import-WOjsS-0A.js", "/dashboard/assets/tabs-B1cCxFG0.js", "/dashboard/assets/tapped_place-Cv7ho-Ra.js", "/dashboard/assets/treatments_panel-DVRFUAAR.js", "/dashboard/assets/treatments_panel-DXvX3ZtP.js", "/dashboard/assets/trial_form-ovMSZ6Bt.js", "/dashboard/assets/trials_panel-BMsXt0VQ.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-uT3Wa00J.js", "/dashboard/assets/wind_mark-py-NuDT1.js", "/dashboard/assets/yield_panel-CGzKwBri.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-p730CPkk.js", "/dashboard/assets/zone_colours-CtyHxRWx.js", "/dashboard/assets/zone_key-CYi92f1I.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
