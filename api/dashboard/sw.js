// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "90b158af80ab";
const FILES = ["/dashboard/assets/accounts-Br6DHAvx.js", "/dashboard/assets/against_applied-CBsuJJkW.js", "/dashboard/assets/alarm_text-ohMegvqU.js", "/dashboard/assets/alarms-BhXsDcyK.js", "/dashboard/assets/alarms-CzXoV6_p.js", "/dashboard/assets/answers-CSeFKIDS.css", "/dashboard/assets/base-C8slwL7v.js", "/dashboard/assets/chart-C9LX_HQE.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-Do1uNIw9.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-f7brSi4z.js", "/dashboard/assets/chosen_note-B9blq-ug.js", "/dashboard/assets/connect-BdfTndvW.js", "/dashboard/assets/cooperative-Bm9uP1e2.js", "/dashboard/assets/cooperative-ZCHgTgXH.js", "/dashboard/assets/coordinates_text-2mJheXcS.js", "/dashboard/assets/date_range-DtCh_HQW.js", "/dashboard/assets/delete_record-14bArJRr.js", "/dashboard/assets/deliveries-2GGscT_N.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-B3lWcmuo.js", "/dashboard/assets/doubt_cards-Bk475M16.js", "/dashboard/assets/draw_map-D-e4DElj.js", "/dashboard/assets/draw_tool-Dc4dUV7c.js", "/dashboard/assets/drawn_prescription-Crx1Mzds.js", "/dashboard/assets/drawn_zones_model-BUo7JyVi.js", "/dashboard/assets/drop_file-DWjbnCZO.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-pt1-8PON.js", "/dashboard/assets/element_of-gDw3HAq_.js", "/dashboard/assets/empty-vCAQFRiX.js", "/dashboard/assets/energy-DuFRIcsy.js", "/dashboard/assets/energy_panel-Cm-S0FkK.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-Bxq7tIjo.js", "/dashboard/assets/farm-BbGceZLI.js", "/dashboard/assets/farm-D2jrLE6T.js", "/dashboard/assets/farm_map-DeEHcFmL.js", "/dashboard/assets/field-AUTE9WKb.js", "/dashboard/assets/field-BXJSmzy5.css", "/dashboard/assets/field-C4I0OfMB.js", "/dashboard/assets/field_map-Ga0LF4k5.js", "/dashboard/assets/field_pass-BuPXDAVf.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_planning-IwdQExX1.js", "/dashboard/assets/field_weather-YNvt2Eb1.js", "/dashboard/assets/field_work-CGq9ScbU.js", "/dashboard/assets/fields-htHqxm2u.js", "/dashboard/assets/file_button-BM017HYh.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DvTWRvgr.js", "/dashboard/assets/files-BJnE_c4k.js", "/dashboard/assets/finding_text-Cuvxhw4t.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-CV1b6Gs_.js", "/dashboard/assets/forecast_basis-CoXaDrOq.js", "/dashboard/assets/forecast_providers-C17MOIED.js", "/dashboard/assets/forecast_source-CJbuHss3.js", "/dashboard/assets/form-D5AOLbq8.js", "/dashboard/assets/form_state-Bs1JZtOB.js", "/dashboard/assets/gateway_rules-BPMitUVn.js", "/dashboard/assets/greenhouse-BF4ZsbJf.js", "/dashboard/assets/greenhouse-CdYW4HNH.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/grid_map-DqBIBN92.js", "/dashboard/assets/harvest-BXqI7Ny7.js", "/dashboard/assets/harvest_import-DJKejkUB.js", "/dashboard/assets/health-B0-gL9Ds.js", "/dashboard/assets/health-ljdtYssu.js", "/dashboard/assets/house_answers-Cjzvj4t1.js", "/dashboard/assets/house_tabs-BTpwUDCo.js", "/dashboard/assets/imports_panel-BQIGN5Oj.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-Cx34O_Xw.js", "/dashboard/assets/interval_mark-BbZYOToZ.js", "/dashboard/assets/kept_records-BKbNrEy2.js", "/dashboard/assets/kind_icon-CA6MqJNP.js", "/dashboard/assets/layout_map--SNSdP-k.js", "/dashboard/assets/legend-B-xcux9H.js", "/dashboard/assets/map-Cmvw1pGT.css", "/dashboard/assets/map-caKWQR-G.js", "/dashboard/assets/map_sources-BuvSLphH.js", "/dashboard/assets/map_sources-Cn_YP5fu.js", "/dashboard/assets/map_view-Cw5QBH6C.js", "/dashboard/assets/maplibre-gl-B2qFXk9R.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/message_fields-v7VQqLf8.js", "/dashboard/assets/money-CgF4UE_C.js", "/dashboard/assets/next_hours-DsiG5rvV.js", "/dashboard/assets/note_form-BE132iMi.js", "/dashboard/assets/note_list-BTRkfID4.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-Da099vWa.js", "/dashboard/assets/notes_panel-AuvJirbm.js", "/dashboard/assets/number_choice-BFsgg6IK.js", "/dashboard/assets/one_rate_prescription-Bvg1GP43.js", "/dashboard/assets/outline_model-iO27UNjs.js", "/dashboard/assets/own-Dnd3e8pD.js", "/dashboard/assets/own-SWQ82Mdg.js", "/dashboard/assets/owner_field-CySIZIGM.js", "/dashboard/assets/people-wZybY0m5.js", "/dashboard/assets/people_list-BjN_8moR.js", "/dashboard/assets/people_list-Yao392RL.js", "/dashboard/assets/person_data-BbwvJcvR.js", "/dashboard/assets/person_data-DabzP3U3.js", "/dashboard/assets/person_form-5ADWOryV.js", "/dashboard/assets/person_form-ymeIydIM.js", "/dashboard/assets/person_page-BiQut3St.js", "/dashboard/assets/places-Dvl29ZYo.js", "/dashboard/assets/places-Dy5CefEM.js", "/dashboard/assets/points_prescription-CiB0d5Xi.js", "/dashboard/assets/prescription_fields-CXPstbaO.js", "/dashboard/assets/progress-CoExRlsw.js", "/dashboard/assets/push-BY3mFHeH.js", "/dashboard/assets/quantity_search-DBO4lQ1q.js", "/dashboard/assets/recall-BKcYN3RS.js", "/dashboard/assets/records-CJmC_B1G.js", "/dashboard/assets/records-CXc3RDjk.js", "/dashboard/assets/records-CiqYj3W-.js", "/dashboard/assets/report_links-a5neA38U.js", "/dashboard/assets/row_rest-DAf7dOxO.js", "/dashboard/assets/season_period-CdtvMDlM.js", "/dashboard/assets/set_active-CO3ivZiS.js", "/dashboard/assets/settings-CyKaE3BX.js", "/dashboard/assets/settings-DYFrflPq.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/simulated-D3SiZK2u.js", "/dashboard/assets/site_link-BfVPrDTC.js", "/dashboard/assets/stability-xtrocWHs.js", "/dashboard/assets/statement_card-DPEhvpOH.js", "/dashboard/assets/style-D8cCjQN0.css", "/dashboard/assets/subject_notes-DMejKFgY.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table-v-3hLQoU.js", "/dashboard/assets/table_import-Bz7ZYQLK.js", "/dashboard/assets/tapped_place-ButFj7E1.js", "/dashboard/assets/task-CZtUijoN.js", "/dashboard/assets/tonight_text-Jp2rqzBB.js", "/dashboard/assets/treatments_panel-CU2eySoq.js", "/dashboard/assets/treatments_panel-CVIN3qzU.js", "/dashboard/assets/trial_form-D9LbTR4W.js", "/dashboard/assets/trials_panel-CIl1HneH.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-B-TJ-BnL.js", "/dashboard/assets/water_panel-BKoBFmDZ.js", "/dashboard/assets/weather-BpJjazu7.js", "/dashboard/assets/weather_panel-Dx9sHE-K.js", "/dashboard/assets/whose-BFQZkhKo.js", "/dashboard/assets/wind_mark-CZB-6BKO.js", "/dashboard/assets/yield_panel-Bjlk-jU_.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-Ck19CwbD.js", "/dashboard/assets/zone_colours-DCqn3sqc.js", "/dashboard/assets/zone_key-UE8TfQR7.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
