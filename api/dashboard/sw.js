// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "7cb80d38a173";
const FILES = ["/dashboard/assets/accounts-D2LR5hiw.js", "/dashboard/assets/against_applied-DlvXzumT.js", "/dashboard/assets/alarm_text-HS0ILA8C.js", "/dashboard/assets/alarms-BQKSFcmQ.js", "/dashboard/assets/alarms-C5YBxZoq.js", "/dashboard/assets/base-CXCrZyUG.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-VQThomrl.js", "/dashboard/assets/chart_panel-639zdwux.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-CwUQYCxX.js", "/dashboard/assets/chosen_note-MB7UzYmA.js", "/dashboard/assets/cooperative-Brs6KaRd.js", "/dashboard/assets/cooperative-CtBHxZ8X.js", "/dashboard/assets/coordinates_text-Bnpcr-eb.js", "/dashboard/assets/date_range-BLlwib_K.js", "/dashboard/assets/delete_record-DasVnEoX.js", "/dashboard/assets/deliveries-Bb6YamVZ.js", "/dashboard/assets/device_card-BQWx5g72.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-D7MFkC92.js", "/dashboard/assets/doubt_cards-DCW4IDq-.js", "/dashboard/assets/draw_map-Ci56SBHF.js", "/dashboard/assets/draw_tool-ghMtzyfQ.js", "/dashboard/assets/drawn_prescription-CFOkCfuy.js", "/dashboard/assets/drawn_zones_model-BchgfF3T.js", "/dashboard/assets/drop_file-DyoQOaje.js", "/dashboard/assets/duty-B3TPVUdY.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/empty-DLKYHrbL.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-zQ7lLwiI.js", "/dashboard/assets/farm-DK6HpsLV.js", "/dashboard/assets/farm-uVgk18WZ.js", "/dashboard/assets/farm_map-CHP1RSzK.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BLDBe9cA.js", "/dashboard/assets/field-watdVC36.js", "/dashboard/assets/field_map-C-figdaH.js", "/dashboard/assets/field_planning-8ofKEH1T.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_weather-BKF62Rii.js", "/dashboard/assets/field_work-0dzV3rCu.js", "/dashboard/assets/fields-DGtLPl1A.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Vvv5Z2nO.js", "/dashboard/assets/file_button-oVCus4kZ.js", "/dashboard/assets/files-CRkzcXhp.js", "/dashboard/assets/finding_text-DmYuMMti.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-DKD2OE43.js", "/dashboard/assets/forecast_basis-DfceLqsw.js", "/dashboard/assets/forecast_providers-Crb80WG9.js", "/dashboard/assets/forecast_source-DxMcoyMv.js", "/dashboard/assets/form-qImqxWvV.js", "/dashboard/assets/gateway_rules-NEjoiH0e.js", "/dashboard/assets/greenhouse-CtgqYPLJ.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/greenhouse-dgi1lY63.js", "/dashboard/assets/grid_map-BwusCsu9.js", "/dashboard/assets/harvest-DLRs1fpY.js", "/dashboard/assets/harvest_import-BphJT7PQ.js", "/dashboard/assets/health-BEh90mCj.js", "/dashboard/assets/health-yISv8qkf.js", "/dashboard/assets/house_answers-C-bfHJYT.js", "/dashboard/assets/house_tabs-DCgSoKcO.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DFAGxWbN.js", "/dashboard/assets/index-CpbWzy7K.js", "/dashboard/assets/inputs-Cv9s9v7m.js", "/dashboard/assets/interval_mark-CKWK4f-B.js", "/dashboard/assets/kept_records-CMKylw-i.js", "/dashboard/assets/layout_map-CPSwocD9.js", "/dashboard/assets/map-W7fS8Gv_.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/map_view-D4emRQ-O.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/members-Q7fWcYU6.js", "/dashboard/assets/money-BP19HwpW.js", "/dashboard/assets/next_hours-CBYZU9yw.js", "/dashboard/assets/note_form-kRFHXLy4.js", "/dashboard/assets/note_list-rYuUW28d.js", "/dashboard/assets/notes-1S3Xehf9.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes_panel-DRzx8hEf.js", "/dashboard/assets/number_choice-CMCURWbZ.js", "/dashboard/assets/one_rate_prescription-D-0vD9Zj.js", "/dashboard/assets/outline_model-Bm3x7cdi.js", "/dashboard/assets/own-DP9FItnW.js", "/dashboard/assets/own-Mn47YX3t.js", "/dashboard/assets/people-DdsOyMLv.js", "/dashboard/assets/person_data-CDsZ335H.js", "/dashboard/assets/person_data-CKzzdvMV.js", "/dashboard/assets/person_form-BcGl8tTx.js", "/dashboard/assets/person_form-C1uvIG5Q.js", "/dashboard/assets/person_record-WfczIgxj.js", "/dashboard/assets/places-8pvoiTqR.js", "/dashboard/assets/places-DCAwO9au.js", "/dashboard/assets/points_prescription-CxPBLOJD.js", "/dashboard/assets/prescription_fields-BDonmBwp.js", "/dashboard/assets/progress-DAXffsts.js", "/dashboard/assets/push-D_rSZTp9.js", "/dashboard/assets/recall-BNp17w1G.js", "/dashboard/assets/recipients-Bx7rZkL3.js", "/dashboard/assets/records-CCFWnS-I.js", "/dashboard/assets/records-CQJEgvSH.js", "/dashboard/assets/records-CWymLXKY.js", "/dashboard/assets/report_links-C48o7hQg.js", "/dashboard/assets/row_rest-1q_2FDVT.js", "/dashboard/assets/season_period-BWZSftQ7.js", "/dashboard/assets/set_active-BNJoTzpN.js", "/dashboard/assets/settings-QPlxCen6.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-c268vrgq.js", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-CwW_ZCyl.js", "/dashboard/assets/stability-kLCCR9ST.js", "/dashboard/assets/statement_card-B7cS5VO8.js", "/dashboard/assets/style-HYJR-e9c.css", "/dashboard/assets/subject_notes-DnRMV8-0.js", "/dashboard/assets/table-Bpl7ZYMQ.js", "/dashboard/assets/table-DJ3TVqTz.css", "/dashboard/assets/table_import-Bx9d2WiR.js", "/dashboard/assets/tapped_place-BvO0nolS.js", "/dashboard/assets/tonight_text-9kfo6rxo.js", "/dashboard/assets/treatments_panel-B5OPXy7G.js", "/dashboard/assets/treatments_panel-m6Am8Kc4.js", "/dashboard/assets/trial_form-c0jSA47H.js", "/dashboard/assets/trials_panel-CfP1gqGa.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-DiCdKrvG.js", "/dashboard/assets/water_panel-CnHfaFnO.js", "/dashboard/assets/weather-D1iNlTfc.js", "/dashboard/assets/weather_panel-CqpVZRBs.js", "/dashboard/assets/wind_mark-B55adWOa.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-f3CnF_MN.js", "/dashboard/assets/yields-olqODPKD.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-WR-r9pPB.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
