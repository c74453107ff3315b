// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "96c49515e9ca";
const FILES = ["/dashboard/assets/accounts-DwPbrQnn.js", "/dashboard/assets/against_applied-BEJ6Ba_G.js", "/dashboard/assets/alarm_text-CWAHcZho.js", "/dashboard/assets/alarms-BN_x4FSe.js", "/dashboard/assets/alarms-C-ZNAuvW.js", "/dashboard/assets/answers-CSeFKIDS.css", "/dashboard/assets/base-DVjHzoIZ.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-CzTJOuMs.js", "/dashboard/assets/chart_panel-0TSZXe7W.js", "/dashboard/assets/choice-B0_Jb0A3.js", "/dashboard/assets/choice-BrWPqPbG.js", "/dashboard/assets/chosen_note-DJSIsBFo.js", "/dashboard/assets/colours-B2-ryp49.js", "/dashboard/assets/connect-D81gIfUX.js", "/dashboard/assets/connect_sensor--TZl5d76.css", "/dashboard/assets/connect_sensor-D5TKRyhg.js", "/dashboard/assets/cooperative-DO9YAXfW.js", "/dashboard/assets/cooperative-jm2urgeB.js", "/dashboard/assets/coordinates_text-C61D3o8W.js", "/dashboard/assets/date_range-CeESydcr.js", "/dashboard/assets/delete_record-B9sZC-Q6.js", "/dashboard/assets/deliveries-3by52DE6.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-93U0bQd5.js", "/dashboard/assets/doubt_cards-C6XZAs5y.js", "/dashboard/assets/draw_map-C4cm5P-J.js", "/dashboard/assets/draw_tool-B79zBg8E.js", "/dashboard/assets/drawn_prescription-DEI3pyxg.js", "/dashboard/assets/drawn_zones_model-DNpNbeD8.js", "/dashboard/assets/drop_file-lHY7_Sm8.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DEvOnV9u.js", "/dashboard/assets/element_of-oXqJ72Cn.js", "/dashboard/assets/empty-B22i3Sfk.js", "/dashboard/assets/energy-b8sFoLW1.js", "/dashboard/assets/energy_panel-B5JTig9W.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-DjtLEFSH.js", "/dashboard/assets/farm-DhnJiFqC.js", "/dashboard/assets/farm-DyR9bBJ0.js", "/dashboard/assets/farm_map-vmaXnpjz.js", "/dashboard/assets/field-BXJSmzy5.css", "/dashboard/assets/field-DizKBqS3.js", "/dashboard/assets/field-DksYJLF5.js", "/dashboard/assets/field_map-CqoBtKEM.js", "/dashboard/assets/field_pass-D8R6DYQh.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_planning-u5gdvsNn.js", "/dashboard/assets/field_weather-ng6lDW8z.js", "/dashboard/assets/field_work-Doo-Xxnf.js", "/dashboard/assets/fields-B_R6WtKd.js", "/dashboard/assets/file_button-Bf_RB234.js", "/dashboard/assets/file_button-BuvzeavB.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/files-BJnE_c4k.js", "/dashboard/assets/finding_text-Bsb48VCY.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-BcPd6MaB.js", "/dashboard/assets/forecast_basis-PMitPxwD.js", "/dashboard/assets/forecast_providers-CUP994Up.js", "/dashboard/assets/forecast_source-Bp3f5qBf.js", "/dashboard/assets/form-Dc64BiJ8.js", "/dashboard/assets/form_state-B1B-JQIF.js", "/dashboard/assets/gateway_rules-BllOXmqk.js", "/dashboard/assets/greenhouse-Cd6216SU.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/greenhouse-mPA9QKta.js", "/dashboard/assets/grid_map-MVy-Lmb-.js", "/dashboard/assets/harvest-5UDQjL-5.js", "/dashboard/assets/harvest_import-CtjgYJHs.js", "/dashboard/assets/health-DefYlNkJ.js", "/dashboard/assets/health-WXhac89l.js", "/dashboard/assets/house_answers-BlzABUT8.js", "/dashboard/assets/house_tabs-DDtk2fAh.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CVg4DzOi.js", "/dashboard/assets/index-TRCrHwGR.js", "/dashboard/assets/interval_mark-DETDgPaG.js", "/dashboard/assets/kept_records-Xhwg2Dn5.js", "/dashboard/assets/kind_icon-DSG-9KVm.js", "/dashboard/assets/layout_map-CQf-KXpO.js", "/dashboard/assets/legend-DnF1by5H.js", "/dashboard/assets/map-DFEKm6dE.js", "/dashboard/assets/map-DSXItoyy.css", "/dashboard/assets/map_legend-yDuCegZq.js", "/dashboard/assets/map_sources-Cobplz5O.js", "/dashboard/assets/map_sources-CvxyIBRe.js", "/dashboard/assets/map_tiles-lz3PSTk6.js", "/dashboard/assets/map_view-C_2VI4rj.js", "/dashboard/assets/maplibre-gl-DRnSCswc.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/message_fields-Dn2MW-2n.js", "/dashboard/assets/money-CG0oqaP8.js", "/dashboard/assets/next_hours-C9Q1oZ9Q.js", "/dashboard/assets/note_form-BFnu5c_O.js", "/dashboard/assets/note_list-CkuOOzxz.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-Dl4H_y7-.js", "/dashboard/assets/notes_panel-Bkk-ah6f.js", "/dashboard/assets/number_choice-D24LzprT.js", "/dashboard/assets/one_rate_prescription-CAtH-0u0.js", "/dashboard/assets/outline_model-4FFbpwzI.js", "/dashboard/assets/own-C4wtj4_L.js", "/dashboard/assets/own-fjA6zzhc.js", "/dashboard/assets/own_hosts-CQPZ3OO2.js", "/dashboard/assets/owner_field-BTmMcy5X.js", "/dashboard/assets/people-bE0bA59h.js", "/dashboard/assets/people_list-oSYLBDl8.js", "/dashboard/assets/people_list-zphdJ7jV.js", "/dashboard/assets/person_data-Byo3oMXu.js", "/dashboard/assets/person_data-CPvLWt6F.js", "/dashboard/assets/person_form-DIvN2vmi.js", "/dashboard/assets/person_form-fHQAxy24.js", "/dashboard/assets/person_page-DIRLuRJX.js", "/dashboard/assets/places-CBGjNLvp.js", "/dashboard/assets/places-KmuzSBcy.js", "/dashboard/assets/points_prescription-HiVoe9Bl.js", "/dashboard/assets/prescription_fields-D0vFchcx.js", "/dashboard/assets/progress-B_6pjqm0.js", "/dashboard/assets/push-532xBbWm.js", "/dashboard/assets/quantity_search-CIxhjyA7.js", "/dashboard/assets/recall-BmPKs3ls.js", "/dashboard/assets/records-8xw67ev0.js", "/dashboard/assets/records-DhQQmOmd.js", "/dashboard/assets/records-psx7EbU6.js", "/dashboard/assets/report_links-Cl_Sta5U.js", "/dashboard/assets/row_rest-BgBQFAK4.js", "/dashboard/assets/season_period-BUSCUiZu.js", "/dashboard/assets/senders-DDd8ZdNC.js", "/dashboard/assets/sensors-XSkByvNF.js", "/dashboard/assets/set_active-BzHcuvLH.js", "/dashboard/assets/settings-BkVqcsuP.js", "/dashboard/assets/settings-Bphx3VOe.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/simulated-DJwfmyyf.js", "/dashboard/assets/site_link-DuS4_ewq.js", "/dashboard/assets/stability-BXXEhcPC.js", "/dashboard/assets/statement_card-Baf8mwdo.js", "/dashboard/assets/style-D8cCjQN0.css", "/dashboard/assets/subject_notes-CJcAXVD2.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table-DRWv0m47.js", "/dashboard/assets/table_import-D7fIrOeM.js", "/dashboard/assets/tapped_place-q7xl3Uja.js", "/dashboard/assets/task-DItvlj55.js", "/dashboard/assets/tonight_text-DM7oEoco.js", "/dashboard/assets/treatments_panel-B9NrgWU5.js", "/dashboard/assets/treatments_panel-BF0O0Ekz.js", "/dashboard/assets/trial_form-D2B3fZj9.js", "/dashboard/assets/trials_panel-CuIDoJyT.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-c9a136nK.js", "/dashboard/assets/water_panel-B8TizEV0.js", "/dashboard/assets/weather-DnXBi19A.js", "/dashboard/assets/weather_panel-nplvn5Gm.js", "/dashboard/assets/whose-0UHtWwxT.js", "/dashboard/assets/wind_mark-BWqNufQW.js", "/dashboard/assets/yield_panel-CeEQ34lm.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-H09h2NiJ.js", "/dashboard/assets/zone_colours-BIHHVTZ3.js", "/dashboard/assets/zone_key-xFW_RjgS.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
