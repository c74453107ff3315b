// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "1b7bb99f56d2";
const FILES = ["/dashboard/assets/accounts-CJ7XN9yp.js", "/dashboard/assets/against_applied-BK5n5zoE.js", "/dashboard/assets/alarms-DsAoCnja.js", "/dashboard/assets/base-FpvXBkxL.js", "/dashboard/assets/chart-BewhDQU6.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-DdvvWiMg.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-uFteVHMn.js", "/dashboard/assets/chosen_note--KVrBYMo.js", "/dashboard/assets/cooperative-CNy1XeWG.js", "/dashboard/assets/cooperative-u0nZCWwt.js", "/dashboard/assets/date_range-H0n6CC7n.js", "/dashboard/assets/delete_record-Qp7oaZJ8.js", "/dashboard/assets/deliveries-zCmtHkIh.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-CJznCCUa.js", "/dashboard/assets/drawn_prescription-2CBv-rp9.js", "/dashboard/assets/drawn_zones_model-C1by0e5u.js", "/dashboard/assets/drop_file-Dqq00IsZ.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DsW7ACKo.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-CKkwWNji.js", "/dashboard/assets/farm_map-Bs6pbkx9.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-CTFZe9Xp.js", "/dashboard/assets/field-ST_oWaTZ.js", "/dashboard/assets/field_map-OCAdOGqJ.js", "/dashboard/assets/field_weather-WZ05aFtP.js", "/dashboard/assets/field_work-DrDI1Ybh.js", "/dashboard/assets/fields-BZYJUF5R.js", "/dashboard/assets/file_button-BsiD3TEW.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-pKUhxKlY.js", "/dashboard/assets/files-BDDt7DBL.js", "/dashboard/assets/first-CQSNLhws.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-UDPA-xif.js", "/dashboard/assets/forecast_providers-yL_5brBP.js", "/dashboard/assets/forecast_source-BGwm66u-.js", "/dashboard/assets/form-BggJEmaN.js", "/dashboard/assets/gateway_rules-sk4P2k61.js", "/dashboard/assets/greenhouse-BOb1tXkJ.js", "/dashboard/assets/greenhouse-C0UV9OQm.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-CP0U_fDo.js", "/dashboard/assets/harvest-B6NM9dAf.js", "/dashboard/assets/harvest_import-GurPfgt3.js", "/dashboard/assets/health-BD1yQvM-.js", "/dashboard/assets/health-DU_KrtP2.js", "/dashboard/assets/house_answers-Cbs8T6Az.js", "/dashboard/assets/house_tabs-CC_3DBRs.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-L-mUzlRM.js", "/dashboard/assets/index-BtY4ULmg.js", "/dashboard/assets/interval_mark-BBMWU_Cc.js", "/dashboard/assets/kept_records-DCXNWtJF.js", "/dashboard/assets/layout_map-BdEafyH6.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CFJRgy_S.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-rNITiqjl.js", "/dashboard/assets/next_hours-BfQ7KEyM.js", "/dashboard/assets/note_form-Dg92eCxs.js", "/dashboard/assets/note_list-WNnnnSE4.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DzGVY69A.js", "/dashboard/assets/notes_panel-CqodrvVU.js", "/dashboard/assets/number_choice-CEQaEnWO.js", "/dashboard/assets/one_rate_prescription-BuEiif4D.js", "/dashboard/assets/outline_model-DNRJV3i5.js", "/dashboard/assets/own-Bpv7F2Cu.js", "/dashboard/assets/own-BukrFiv5.js", "/dashboard/assets/people-M4IN5k_j.js", "/dashboard/assets/person_data-C1ov5Y4U.js", "/dashboard/assets/person_data-CQFFOo7e.js", "/dashboard/assets/person_form-CLFgu-DI.js", "/dashboard/assets/person_form-Cx_iHU4C.js", "/dashboard/assets/person_record-Dp1DmQBI.js", "/dashboard/assets/points_prescription-D2_s6YWW.js", "/dashboard/assets/prescription_fields-rhxuOPK7.js", "/dashboard/assets/push-DQY7B3Ue.js", "/dashboard/assets/recall-D7Ob5z-_.js", "/dashboard/assets/records-CIewJplS.js", "/dashboard/assets/records-DudwYoVX.js", "/dashboard/assets/records-H0BiCccI.js", "/dashboard/assets/report_links-DHDVsJGO.js", "/dashboard/assets/season_period-BLR1GiF8.js", "/dashboard/assets/set_active-CrPBtLtS.js", "/dashboard/assets/settings-9GdA5GcU.js", "/dashboard/assets/settings-DQZGBhk9.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-C566cEyI.js", "/dashboard/assets/stability-CD0o5l9J.js", "/dashboard/assets/style-CSRhcd3m.css", "/dashboard/assets/subject_notes-Bepgs7oA.js", "/dashboard/assets/table_import-DpRvBqA1.js", "/dashboard/assets/tabs-ByGOP-Fc.js", "/dashboard/assets/tapped_place-DYSNOwJA.js", "/dashboard/assets/treatments_panel-OKZwsWAP.js", "/dashboard/assets/treatments_panel-lFPAdLKx.js", "/dashboard/assets/trial_form-D7ZYMVWa.js", "/dashboard/assets/trials_panel-BaPIacK-.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/water_panel-CO3krU10.js", "/dashboard/assets/weather-BpGa2iXz.js", "/dashboard/assets/weather_panel-xtPrGzcR.js", "/dashboard/assets/wind_mark-ChVrm73K.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DorhbYhI.js", "/dashboard/assets/yields-pm9pdQEu.js", "/dashboard/assets/zone_colours-6kRi6K_o.js", "/dashboard/assets/zone_key-LX1nduCw.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
