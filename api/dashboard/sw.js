// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "8056bc429f8a";
const FILES = ["/dashboard/assets/accounts-myvaHYxL.js", "/dashboard/assets/against_applied-Z55WYOKz.js", "/dashboard/assets/alarm_text-W-tKOi78.js", "/dashboard/assets/alarms-CEBsgk0Z.js", "/dashboard/assets/alarms-DvWw6Fyv.js", "/dashboard/assets/base-vM_Z-BWp.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-dT7TtREo.js", "/dashboard/assets/chart_panel-Bp9JGmXc.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-CSaHRWlN.js", "/dashboard/assets/chosen_note-BOJuegQQ.js", "/dashboard/assets/cooperative-CfdQUwHK.js", "/dashboard/assets/cooperative-DvMYJ6gh.js", "/dashboard/assets/coordinates_text-DNDtokPZ.js", "/dashboard/assets/date_range-CWMp6Fje.js", "/dashboard/assets/delete_record-Bjkbr4Ef.js", "/dashboard/assets/deliveries-CcmKQg8d.js", "/dashboard/assets/device_card-PTzXmeug.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-B0u_DUxT.js", "/dashboard/assets/doubt_cards-Cti_1aYL.js", "/dashboard/assets/draw_tool-ampsGfye.js", "/dashboard/assets/drawn_prescription-f6kwcfsN.js", "/dashboard/assets/drawn_zones_model-BPj-jdaK.js", "/dashboard/assets/drop_file-CkNTvxv9.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DDkTfNxe.js", "/dashboard/assets/empty-DV09RuUe.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-DK7zOt7e.js", "/dashboard/assets/farm-BU3IF7n1.js", "/dashboard/assets/farm-p4MLGOmL.js", "/dashboard/assets/farm_map-Deq1svnd.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BBZbt4Va.js", "/dashboard/assets/field-C_kENkez.js", "/dashboard/assets/field_map-pAWyF7Yk.js", "/dashboard/assets/field_weather-Bniyp8vI.js", "/dashboard/assets/field_work-BXDz0Jzb.js", "/dashboard/assets/fields-BdtWpAPt.js", "/dashboard/assets/file_button-0__934ll.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-C5qR4DR5.js", "/dashboard/assets/files-CufH3CCI.js", "/dashboard/assets/finding_text-DqQVGHeK.js", "/dashboard/assets/first-B8v8yhS2.js", "/dashboard/assets/first-DTZ-3S1X.css", "/dashboard/assets/forecast_basis-oHeNuGMt.js", "/dashboard/assets/forecast_providers-CFEf-K9z.js", "/dashboard/assets/forecast_source-CGa8bKZ-.js", "/dashboard/assets/form-D6GmpW9p.js", "/dashboard/assets/gateway_rules-Cj8rM4n9.js", "/dashboard/assets/greenhouse-BFpZGyRg.css", "/dashboard/assets/greenhouse-CdAcST8e.js", "/dashboard/assets/greenhouse-Du0-NewN.js", "/dashboard/assets/grid_map-8OFT0ftC.js", "/dashboard/assets/harvest-DbyNh10y.js", "/dashboard/assets/harvest_import-XwRDwzUr.js", "/dashboard/assets/health-D7rIIjGe.js", "/dashboard/assets/health-UBIZPSxY.js", "/dashboard/assets/house_answers-B_Ky3TXP.js", "/dashboard/assets/house_tabs-C1UJWuaI.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DisR8nmt.js", "/dashboard/assets/index-BTafn3Lh.js", "/dashboard/assets/interval_mark-B1THLJsq.js", "/dashboard/assets/kept_records-UOWy4eXK.js", "/dashboard/assets/layout_map-EWx5iPia.js", "/dashboard/assets/map-hLaXYofM.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/members-CcNLQmkw.js", "/dashboard/assets/money-Ce1_9Mn2.js", "/dashboard/assets/next_hours-DTKWuZkd.js", "/dashboard/assets/note_form-PGNvufo5.js", "/dashboard/assets/note_list-uhYul8Hn.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-Df1wPUwg.js", "/dashboard/assets/notes_panel-IgiU-u4I.js", "/dashboard/assets/number_choice-Dl8oj7DT.js", "/dashboard/assets/one_rate_prescription-C2yxuBd7.js", "/dashboard/assets/outline_model-2ZQnB0vl.js", "/dashboard/assets/own-C4dxAws4.js", "/dashboard/assets/own-URmcBI15.js", "/dashboard/assets/people-BC0CTfxO.js", "/dashboard/assets/person_data-BvADR4i_.js", "/dashboard/assets/person_data-Cez5b_jH.js", "/dashboard/assets/person_form-CKALeMNk.js", "/dashboard/assets/person_form-gPJzhAJh.js", "/dashboard/assets/person_record-0gRuekoZ.js", "/dashboard/assets/places-D-prulzd.js", "/dashboard/assets/places-IeCAwnSg.js", "/dashboard/assets/points_prescription-YDNdOibS.js", "/dashboard/assets/prescription_fields-wNgdqjQ7.js", "/dashboard/assets/progress-DhWWUmlH.js", "/dashboard/assets/push-Pv-4zNY8.js", "/dashboard/assets/recall-DscjG-jm.js", "/dashboard/assets/recipients-CxNFDdTF.js", "/dashboard/assets/records-CmUqjH8f.js", "/dashboard/assets/records-DH6p7tkb.js", "/dashboard/assets/records-w8UyR39m.js", "/dashboard/assets/report_links-DnYJATi3.js", "/dashboard/assets/row_rest-DtGxCHAL.js", "/dashboard/assets/season_period-MHmorm4I.js", "/dashboard/assets/set_active-BWjDogyH.js", "/dashboard/assets/settings-DZH12D36.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-rYnWffG2.js", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-BktLei2X.js", "/dashboard/assets/stability-B3rd2BPt.js", "/dashboard/assets/statement_card-Wb1uWNN8.js", "/dashboard/assets/style-CQce2zVv.css", "/dashboard/assets/subject_notes-DaJ15xDc.js", "/dashboard/assets/table-DJ3TVqTz.css", "/dashboard/assets/table-x0fvS4wq.js", "/dashboard/assets/table_import-CxuK6gPk.js", "/dashboard/assets/tapped_place-CvqrjwVT.js", "/dashboard/assets/tonight_text-BQQIrRun.js", "/dashboard/assets/treatments_panel-DMg-EKPW.js", "/dashboard/assets/treatments_panel-De8i-htT.js", "/dashboard/assets/trial_form-B05jKN6C.js", "/dashboard/assets/trials_panel-34Ayc8ja.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-CVOPTkrX.js", "/dashboard/assets/water_panel-Ctw73sWL.js", "/dashboard/assets/weather-DwONtTuk.js", "/dashboard/assets/weather_panel-l1ReemvJ.js", "/dashboard/assets/wind_mark-DpZk0Kp7.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-D9hFFgz1.js", "/dashboard/assets/yields-CsI-b42d.js", "/dashboard/assets/zone_colours-DWkHJAWT.js", "/dashboard/assets/zone_key-D1k_Do6h.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
