// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "099c1377351a";
const FILES = ["/dashboard/assets/accounts-CiljTA9o.js", "/dashboard/assets/against_applied-BTv7tHcA.js", "/dashboard/assets/alarm_text-CqMEPytL.js", "/dashboard/assets/alarms-CzKpgN1Y.js", "/dashboard/assets/alarms-dInLRrqS.js", "/dashboard/assets/base-CGz1Pj4b.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-Cq9-aqfS.js", "/dashboard/assets/chart_panel-Bx0t3FrN.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-D3qRhcmY.js", "/dashboard/assets/chosen_note-Dnk9omgi.js", "/dashboard/assets/connect-BlyuhnGP.js", "/dashboard/assets/cooperative-BqvMf7pf.js", "/dashboard/assets/cooperative-mBwNDxh-.js", "/dashboard/assets/coordinates_text-B_oBU4VI.js", "/dashboard/assets/date_range-DKM9BL9t.js", "/dashboard/assets/delete_record-JtQavHuh.js", "/dashboard/assets/deliveries-BjZyCmHG.js", "/dashboard/assets/device_card-D3RBwwYE.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-9j7RBzyF.js", "/dashboard/assets/doubt_cards-AAr76xuw.js", "/dashboard/assets/draw_map-0JhJIztt.js", "/dashboard/assets/draw_tool-xpT-TIVZ.js", "/dashboard/assets/drawn_prescription-BR3Evgp8.js", "/dashboard/assets/drawn_zones_model-CMh_B5m8.js", "/dashboard/assets/drop_file-duobJe7e.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DxbltAYc.js", "/dashboard/assets/empty-nhn-NLHw.js", "/dashboard/assets/energy-BiqQxE8z.js", "/dashboard/assets/energy_panel-CyhLgXU1.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-CZ6dS6eu.js", "/dashboard/assets/farm-Dt1HV4t6.js", "/dashboard/assets/farm-qeoMx4PV.js", "/dashboard/assets/farm_map-Q3I0bhnj.js", "/dashboard/assets/field-DUrebAre.js", "/dashboard/assets/field-Q8eyVOu1.css", "/dashboard/assets/field-vdwA_RIH.js", "/dashboard/assets/field_map-DqRL8BTH.js", "/dashboard/assets/field_pass-DeNTA-Sw.js", "/dashboard/assets/field_planning-CNTCK-w3.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_weather-C0mSIpKG.js", "/dashboard/assets/field_work-5cMvxhMw.js", "/dashboard/assets/fields-gu994fc5.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Cf4zRy-n.js", "/dashboard/assets/file_button-DSpXvkqa.js", "/dashboard/assets/files-Cz3HFSiQ.js", "/dashboard/assets/finding_text-DwG5gs1c.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-BsTXEv-5.js", "/dashboard/assets/forecast_basis-COn026F3.js", "/dashboard/assets/forecast_providers-BEOGFOik.js", "/dashboard/assets/forecast_source-CjUXOJpd.js", "/dashboard/assets/form-CAnwoEhL.js", "/dashboard/assets/gateway_rules-hd0u89j-.js", "/dashboard/assets/greenhouse-BnzIaeWm.js", "/dashboard/assets/greenhouse-Br9d051q.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/grid_map-BURGSAR5.js", "/dashboard/assets/harvest-gUgbBKMd.js", "/dashboard/assets/harvest_import-C5rdIXHo.js", "/dashboard/assets/health-1J0BiE40.js", "/dashboard/assets/health-BShGKUeK.js", "/dashboard/assets/house_answers-v4H101fi.js", "/dashboard/assets/house_tabs-C8DdrRz3.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-EOuf7GJD.js", "/dashboard/assets/index-Cpaoe_Ay.js", "/dashboard/assets/interval_mark-D22J_sC_.js", "/dashboard/assets/kept_records-6On1DdrH.js", "/dashboard/assets/layout_map-D5oq_Br_.js", "/dashboard/assets/map-C5DE8_Fq.js", "/dashboard/assets/map-Cmvw1pGT.css", "/dashboard/assets/map_sources-8ppQFK-b.js", "/dashboard/assets/map_sources-L4ihvHY8.js", "/dashboard/assets/map_view-DxawuQ43.js", "/dashboard/assets/maplibre-gl-CpW1vW2h.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/message_fields-BoX-7RC4.js", "/dashboard/assets/money-D2_q48xr.js", "/dashboard/assets/next_hours-ygQMnlxh.js", "/dashboard/assets/note_form-QZjW00gG.js", "/dashboard/assets/note_list-BM-OObg1.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-Bjp0RUOa.js", "/dashboard/assets/notes_panel-7Nc5aG8V.js", "/dashboard/assets/number_choice-0qU_gyiH.js", "/dashboard/assets/one_rate_prescription-DrEqDvAb.js", "/dashboard/assets/outline_model-LVAsSIbc.js", "/dashboard/assets/own-6MX5CBJA.js", "/dashboard/assets/own-BXFC5QqQ.js", "/dashboard/assets/owner_field-CgvmvNSt.js", "/dashboard/assets/people-CzslSvHs.js", "/dashboard/assets/people_list-CqOOWmD5.js", "/dashboard/assets/people_list-p74hB7mx.js", "/dashboard/assets/person_data-3U9G_z2a.js", "/dashboard/assets/person_data-vSx39gEa.js", "/dashboard/assets/person_form-Ci-kKSH6.js", "/dashboard/assets/person_form-Qx4eY9Zq.js", "/dashboard/assets/person_page-BYH9oi9k.js", "/dashboard/assets/places-7TjSGACy.js", "/dashboard/assets/places-B85cEX2s.js", "/dashboard/assets/points_prescription-l4zBzez9.js", "/dashboard/assets/prescription_fields-DrOBM3bq.js", "/dashboard/assets/progress-CKWEr9kT.js", "/dashboard/assets/push-l8br9bRr.js", "/dashboard/assets/quantity_search-BfxJaZO_.js", "/dashboard/assets/recall-Tvzd9uW8.js", "/dashboard/assets/records-CjwdQvWl.js", "/dashboard/assets/records-DS1rfudx.js", "/dashboard/assets/records-MkaV77qy.js", "/dashboard/assets/report_links-CvgWSrtd.js", "/dashboard/assets/row_rest-BQPYtd-D.js", "/dashboard/assets/season_period-Be74HfnP.js", "/dashboard/assets/set_active-CPaOegBp.js", "/dashboard/assets/settings-Bsfj0B9V.js", "/dashboard/assets/settings-D9oIJfMH.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-CgyaKTV2.js", "/dashboard/assets/stability-BngpSYJK.js", "/dashboard/assets/statement_card-DCp1ors0.js", "/dashboard/assets/style-DMllnTSt.css", "/dashboard/assets/subject_notes-CKU-4Yjy.js", "/dashboard/assets/table-9_WO2cNt.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table_import-B9ZjkQam.js", "/dashboard/assets/tapped_place-BVcC9QgO.js", "/dashboard/assets/tonight_text-BQA5VCH7.js", "/dashboard/assets/treatments_panel-BnpAxYwM.js", "/dashboard/assets/treatments_panel-Ds6q9HS0.js", "/dashboard/assets/trial_form-k-yOop6c.js", "/dashboard/assets/trials_panel-BXP9Vcbn.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-CYl85hUq.js", "/dashboard/assets/water_panel-ByELf5k_.js", "/dashboard/assets/weather-CYXEgZvL.js", "/dashboard/assets/weather_panel-B8mNt2rW.js", "/dashboard/assets/whose-CDrh4tDf.js", "/dashboard/assets/wind_mark-DumnhU0o.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DkW3n3kO.js", "/dashboard/assets/yields-yfyDWB2_.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-CQwwRYMP.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
