// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "5f2fd9b48f8d";
const FILES = ["/dashboard/assets/accounts-LtkBIafi.js", "/dashboard/assets/against_applied-DPBLRMY7.js", "/dashboard/assets/alarm_text-C5299EMO.js", "/dashboard/assets/alarms-BBenSW1T.js", "/dashboard/assets/alarms-DXJhz-ce.js", "/dashboard/assets/base-CINm8Xw2.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-cvkhIlgd.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-Cu6IWzhM.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-CFw2D3Kc.js", "/dashboard/assets/chosen_note-BLK79Vc7.js", "/dashboard/assets/cooperative-BoAR9FuV.js", "/dashboard/assets/cooperative-OGhavcus.js", "/dashboard/assets/coordinates_text-NU-D1Pb_.js", "/dashboard/assets/date_range-DyJRtP_x.js", "/dashboard/assets/delete_record-C_WXwx6u.js", "/dashboard/assets/deliveries-BigwJWnW.js", "/dashboard/assets/device_card-B0dDlNqO.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-COD8qaRO.js", "/dashboard/assets/doubt_cards-b2ONJ7E3.js", "/dashboard/assets/draw_map-Deg63Fsn.js", "/dashboard/assets/draw_tool-D_5UDYku.js", "/dashboard/assets/drawn_prescription-DbDE_YvE.js", "/dashboard/assets/drawn_zones_model-DliBN3Kb.js", "/dashboard/assets/drop_file-BJK6B586.js", "/dashboard/assets/duty-BcfyxDYb.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/empty-CeM0du93.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-7bI2hg5N.js", "/dashboard/assets/farm-C3nDrLPD.js", "/dashboard/assets/farm-Dn-xgx8O.js", "/dashboard/assets/farm_map-bGU6vGKo.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-CI8PSxJp.js", "/dashboard/assets/field-CPict5gA.js", "/dashboard/assets/field_map-C0bmY3Jz.js", "/dashboard/assets/field_planning-DKXncbgv.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_weather-5y3NkHwY.js", "/dashboard/assets/field_work-BErhFZf8.js", "/dashboard/assets/fields-B15UmFeu.js", "/dashboard/assets/file_button-Bt5M-WuL.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DfqpxRbg.js", "/dashboard/assets/files-Bo0aK_tn.js", "/dashboard/assets/finding_text--91ld5Qt.js", "/dashboard/assets/first-DTZ-3S1X.css", "/dashboard/assets/first-aoCgZBTp.js", "/dashboard/assets/forecast_basis-CMODkeu2.js", "/dashboard/assets/forecast_providers-D8jlMyRh.js", "/dashboard/assets/forecast_source-JCuV5ws6.js", "/dashboard/assets/form-Dv2wsiJa.js", "/dashboard/assets/gateway_rules-CJBu7C73.js", "/dashboard/assets/greenhouse-B7FsATM0.js", "/dashboard/assets/greenhouse-CEQWZg3v.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/grid_map-0doiTNaf.js", "/dashboard/assets/harvest-B7aFGsZf.js", "/dashboard/assets/harvest_import-CtVk78fS.js", "/dashboard/assets/health-BqH08eZx.js", "/dashboard/assets/health-CVMirwUc.js", "/dashboard/assets/house_answers-DsN1KDit.js", "/dashboard/assets/house_tabs-K_pgjC-k.js", "/dashboard/assets/imports_panel-BcZWdnVV.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-DoPOQbLs.js", "/dashboard/assets/inputs-q_uFBhYq.js", "/dashboard/assets/interval_mark-B3toCTE9.js", "/dashboard/assets/kept_records-DYARZG_e.js", "/dashboard/assets/layout_map-z9Ssedhy.js", "/dashboard/assets/map-C7fDz7Al.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/map_view-3cktKo_8.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/members-CHto8wc-.js", "/dashboard/assets/money-ux_nVznf.js", "/dashboard/assets/next_hours-CLnY8LSw.js", "/dashboard/assets/note_form-CgisIAfq.js", "/dashboard/assets/note_list-c9rDqLyD.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DQs-Ifou.js", "/dashboard/assets/notes_panel-D7buMN4d.js", "/dashboard/assets/number_choice-78YYVRYR.js", "/dashboard/assets/one_rate_prescription-BPAMc-9Q.js", "/dashboard/assets/outline_model-0Oe8Jp0I.js", "/dashboard/assets/own-ClIwgk-T.js", "/dashboard/assets/own-Cq_A99_G.js", "/dashboard/assets/people-4rmgkh8g.js", "/dashboard/assets/person_data-DqwAWDb4.js", "/dashboard/assets/person_data-SKv9Xq_-.js", "/dashboard/assets/person_form-Bs0odCle.js", "/dashboard/assets/person_form-DI601L9I.js", "/dashboard/assets/person_record-BMkNKu4t.js", "/dashboard/assets/places-BE-FYguH.js", "/dashboard/assets/places-CZq9ZH7_.js", "/dashboard/assets/points_prescription-BOgkUKhP.js", "/dashboard/assets/prescription_fields-Cna_wSSY.js", "/dashboard/assets/progress-BTmCSUDD.js", "/dashboard/assets/push-CETWycPM.js", "/dashboard/assets/recall-1ZeAHtNZ.js", "/dashboard/assets/recipients-BOT_pYBm.js", "/dashboard/assets/records-DZ8HZRoB.js", "/dashboard/assets/records-Dqi32AaA.js", "/dashboard/assets/records-SGJuVu2-.js", "/dashboard/assets/report_links-D_AJG-ZA.js", "/dashboard/assets/row_rest-oLtQI7XB.js", "/dashboard/assets/season_period-Dah_mgqZ.js", "/dashboard/assets/set_active-CYumXB3H.js", "/dashboard/assets/settings-DJ6zM5qT.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-sPZNszxa.js", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-DH8SHid6.js", "/dashboard/assets/stability-nu0E_Lr4.js", "/dashboard/assets/statement_card-BK4iKNAX.js", "/dashboard/assets/style-HYJR-e9c.css", "/dashboard/assets/subject_notes-u9iCrmiM.js", "/dashboard/assets/table-CQkflC2g.js", "/dashboard/assets/table-DJ3TVqTz.css", "/dashboard/assets/table_import-Du3Xq9cF.js", "/dashboard/assets/tapped_place-CBDCyDZP.js", "/dashboard/assets/tonight_text-DH1uWE2j.js", "/dashboard/assets/treatments_panel-CXkBo_vb.js", "/dashboard/assets/treatments_panel-YsZOTNKA.js", "/dashboard/assets/trial_form-DkdzEXvF.js", "/dashboard/assets/trials_panel-BTgLURxV.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-h2tZ2LUX.js", "/dashboard/assets/water_panel-Bn0kKrvD.js", "/dashboard/assets/weather-Cw5APz79.js", "/dashboard/assets/weather_panel-CxP74Lhe.js", "/dashboard/assets/wind_mark-D-ToQi74.js", "/dashboard/assets/yield_panel-CYXJPtQW.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-BA6oWEG9.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-L6GzoxZq.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
