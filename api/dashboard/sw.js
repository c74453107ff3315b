// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "ce597bdb76ff";
const FILES = ["/dashboard/assets/accounts-2InOijTc.js", "/dashboard/assets/against_applied-6Q9h8vi8.js", "/dashboard/assets/alarm_text-Dx0KSa6n.js", "/dashboard/assets/alarms-D1NO2B6B.js", "/dashboard/assets/alarms-DzdEx00U.js", "/dashboard/assets/base-B79Z1W4o.js", "/dashboard/assets/chart-CV-YAd-R.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-mlwO06Um.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-C82xr5aP.js", "/dashboard/assets/chosen_note-X9RafqUt.js", "/dashboard/assets/cooperative-B16MdlQ5.js", "/dashboard/assets/cooperative-DL_ZG0F0.js", "/dashboard/assets/coordinates_text-DFrn4Ncu.js", "/dashboard/assets/date_range-C7ix9LNz.js", "/dashboard/assets/delete_record-BzDqXeJu.js", "/dashboard/assets/deliveries-5I3e6xwm.js", "/dashboard/assets/device_card-DzPELg_8.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-CXUx7bfq.js", "/dashboard/assets/doubt_cards-Dw-EnOfd.js", "/dashboard/assets/draw_map-CASJfIy6.js", "/dashboard/assets/draw_tool-DetmBf_L.js", "/dashboard/assets/drawn_prescription-DbHfpt7c.js", "/dashboard/assets/drawn_zones_model-kjlZJ_To.js", "/dashboard/assets/drop_file-D1rzCz9H.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-nL6ScVKv.js", "/dashboard/assets/empty-TRGKCBVF.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-C3UaPWd0.js", "/dashboard/assets/farm-DP5Vp4Qb.js", "/dashboard/assets/farm-DWqGiJsY.js", "/dashboard/assets/farm_map-D_qSkw3I.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-C-smMQpe.js", "/dashboard/assets/field-C1uDRoWp.js", "/dashboard/assets/field_map-DYKtc43T.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_planning-DiHDzGuA.js", "/dashboard/assets/field_weather-Ba3fOmq6.js", "/dashboard/assets/field_work-oiwX3O78.js", "/dashboard/assets/fields-CYibbpxy.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CCYaseo5.js", "/dashboard/assets/file_button-rEuASfgl.js", "/dashboard/assets/files-BzymxTGA.js", "/dashboard/assets/finding_text-BRc0tjX0.js", "/dashboard/assets/first-Ca3ZLqdb.js", "/dashboard/assets/first-DTZ-3S1X.css", "/dashboard/assets/forecast_basis-BhVo-bCR.js", "/dashboard/assets/forecast_providers-BVwUsrM_.js", "/dashboard/assets/forecast_source-BC3Fa1sj.js", "/dashboard/assets/form-QR4pzSFQ.js", "/dashboard/assets/gateway_rules-YYLmjWNB.js", "/dashboard/assets/greenhouse-CNPRRfIt.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/greenhouse-DunXHIoU.js", "/dashboard/assets/grid_map-CUffLIlv.js", "/dashboard/assets/harvest-BYCnLCJF.js", "/dashboard/assets/harvest_import-DplGudHi.js", "/dashboard/assets/health-DNyvVSeX.js", "/dashboard/assets/health-aGHnNVlL.js", "/dashboard/assets/house_answers-0jQr4v39.js", "/dashboard/assets/house_tabs-BkWGnEuf.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DbFQVz1b.js", "/dashboard/assets/index-LK7kn1OA.js", "/dashboard/assets/inputs-CWoaeADg.js", "/dashboard/assets/interval_mark-CuwHhjer.js", "/dashboard/assets/kept_records-BVmuuQTY.js", "/dashboard/assets/layout_map-CM_7vwDM.js", "/dashboard/assets/map-Bzr3oSdv.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/map_view-DLUz7FYh.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/members-CDHhicw2.js", "/dashboard/assets/money-CMQblo_X.js", "/dashboard/assets/next_hours-Dt2cZdSb.js", "/dashboard/assets/note_form-B7bn3Ne7.js", "/dashboard/assets/note_list-CGSg7GtW.js", "/dashboard/assets/notes-4mehuwHi.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes_panel-DfIg40rP.js", "/dashboard/assets/number_choice-CGQF4ID0.js", "/dashboard/assets/one_rate_prescription-WZP0Nh7M.js", "/dashboard/assets/outline_model-im11lM2n.js", "/dashboard/assets/own-C2N8qylT.js", "/dashboard/assets/own-DJMNEn9B.js", "/dashboard/assets/people-4VgAiAYh.js", "/dashboard/assets/person_data-CCtRSDSk.js", "/dashboard/assets/person_data-_zpZoI6R.js", "/dashboard/assets/person_form-DfS59bEf.js", "/dashboard/assets/person_form-Dns07OfI.js", "/dashboard/assets/person_record-Bfx2zd_Z.js", "/dashboard/assets/places-DlA2P40r.js", "/dashboard/assets/places-HRyenVYc.js", "/dashboard/assets/points_prescription-Bg_SDe_A.js", "/dashboard/assets/prescription_fields-BM2ADm-S.js", "/dashboard/assets/progress-Ddq9lcts.js", "/dashboard/assets/push-DaFb72ol.js", "/dashboard/assets/recall-CnK4Ymkw.js", "/dashboard/assets/recipients-BodJQm5B.js", "/dashboard/assets/records-68dqPGd6.js", "/dashboard/assets/records-BbeLNnxm.js", "/dashboard/assets/records-CVvYjAG_.js", "/dashboard/assets/report_links-BLxV35Cd.js", "/dashboard/assets/row_rest-CzJaYOLu.js", "/dashboard/assets/season_period-Bmzf6_cG.js", "/dashboard/assets/set_active-xaAlziYq.js", "/dashboard/assets/settings-D9nBM2r5.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-onEuMEP3.js", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-sw55Jeks.js", "/dashboard/assets/stability-CnyDhGGA.js", "/dashboard/assets/statement_card-C699j84T.js", "/dashboard/assets/style-CQce2zVv.css", "/dashboard/assets/subject_notes-CvwiucJU.js", "/dashboard/assets/table-Bkk19_lV.js", "/dashboard/assets/table-DJ3TVqTz.css", "/dashboard/assets/table_import-CxY94Usz.js", "/dashboard/assets/tapped_place-B3EZiIFQ.js", "/dashboard/assets/tonight_text-Cve-HXqK.js", "/dashboard/assets/treatments_panel-BTQ0ZuwN.js", "/dashboard/assets/treatments_panel-E9Q4d2M_.js", "/dashboard/assets/trial_form-BAd1DWkQ.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-DTvBfENO.js", "/dashboard/assets/value_tile-ByLANODs.js", "/dashboard/assets/water_panel-CPYV_HnC.js", "/dashboard/assets/weather-CDknezgo.js", "/dashboard/assets/weather_panel-DP-CmBSC.js", "/dashboard/assets/wind_mark-Bt-0GxJ0.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-t0xscUZK.js", "/dashboard/assets/yields-1xxz1bJd.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-eEOcfvdb.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
