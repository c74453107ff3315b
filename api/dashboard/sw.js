// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "91af42b12d53";
const FILES = ["/dashboard/assets/accounts-BX6obtEp.js", "/dashboard/assets/against_applied-CptBPxqJ.js", "/dashboard/assets/alarm_text-D49U0Y1o.js", "/dashboard/assets/alarms-DJHXqeB2.js", "/dashboard/assets/alarms-DeU-F4UR.js", "/dashboard/assets/base-kYvAiKlp.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DvJyiFQf.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-GzTudtz1.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-C7_lGZ-x.js", "/dashboard/assets/chosen_note-DXOH2LVg.js", "/dashboard/assets/connect-BFIQGeno.js", "/dashboard/assets/cooperative-DLOQ0S_7.js", "/dashboard/assets/cooperative-vf6MwB3G.js", "/dashboard/assets/coordinates_text--Zm2cWFq.js", "/dashboard/assets/date_range-Bkf4aCrB.js", "/dashboard/assets/delete_record-DysBmHVF.js", "/dashboard/assets/deliveries-DyhjRc4p.js", "/dashboard/assets/device_card-FuBnrCno.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-BVhBeu30.js", "/dashboard/assets/doubt_cards-CGbaUHGJ.js", "/dashboard/assets/draw_map-BrgwokWH.js", "/dashboard/assets/draw_tool-B2OGZyFQ.js", "/dashboard/assets/drawn_prescription-DurwIvtc.js", "/dashboard/assets/drawn_zones_model-CQGMi02V.js", "/dashboard/assets/drop_file-BwIGdJ7v.js", "/dashboard/assets/duty-BGD8mpkX.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/empty-CVmQT3FF.js", "/dashboard/assets/energy-CAlx50pm.js", "/dashboard/assets/energy_panel-DgoaOZUn.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-C5gBwbsP.js", "/dashboard/assets/farm-BnKI4iLw.js", "/dashboard/assets/farm-OKDD2ySY.js", "/dashboard/assets/farm_map-eRZ8J6a1.js", "/dashboard/assets/field-96k7K0Me.js", "/dashboard/assets/field-Cimiqn-E.js", "/dashboard/assets/field-Q8eyVOu1.css", "/dashboard/assets/field_map-rOSSgC2n.js", "/dashboard/assets/field_pass-qoMiHsrG.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_planning-DcceZ2Zl.js", "/dashboard/assets/field_weather-0fuSKIFg.js", "/dashboard/assets/field_work-ChH56OCu.js", "/dashboard/assets/fields-CmjfQxo0.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CFZ7Y97w.js", "/dashboard/assets/file_button-DCpfnAI6.js", "/dashboard/assets/files-C7sUk8fb.js", "/dashboard/assets/finding_text-AFVE4RUW.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-DXnMfB6u.js", "/dashboard/assets/forecast_basis-DcFJ5U9z.js", "/dashboard/assets/forecast_providers-CGKGuRNJ.js", "/dashboard/assets/forecast_source-B6Ez7-ad.js", "/dashboard/assets/form-CcQNzxMo.js", "/dashboard/assets/gateway_rules-CA1US1T9.js", "/dashboard/assets/greenhouse--5AG6e0a.js", "/dashboard/assets/greenhouse-CZAvo9Yn.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/grid_map-CDk5B4Y_.js", "/dashboard/assets/harvest-8r5l05NA.js", "/dashboard/assets/harvest_import-NvaFCFXV.js", "/dashboard/assets/health-Brsw2X1Y.js", "/dashboard/assets/health-NtUDSlsw.js", "/dashboard/assets/house_answers-DzADMAyj.js", "/dashboard/assets/house_tabs-B2zVrgcx.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CPAPXJop.js", "/dashboard/assets/index-DaK5m6IX.js", "/dashboard/assets/interval_mark-DJJ_UTq2.js", "/dashboard/assets/kept_records-CXDG0UT_.js", "/dashboard/assets/layout_map-D0zGzLAv.js", "/dashboard/assets/map-BYaVxsAP.js", "/dashboard/assets/map-Cmvw1pGT.css", "/dashboard/assets/map_sources-Byg4VlAi.js", "/dashboard/assets/map_sources-x5BSGjBT.js", "/dashboard/assets/map_view-DMRZKpBg.js", "/dashboard/assets/maplibre-gl-B2unnroF.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/message_fields-CYPCSDm9.js", "/dashboard/assets/money-CnZMDBlX.js", "/dashboard/assets/next_hours-D-wi8FLi.js", "/dashboard/assets/note_form-npi2WNZO.js", "/dashboard/assets/note_list-Og-uLKOE.js", "/dashboard/assets/notes-9x0eukXU.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes_panel-DrzfyHY2.js", "/dashboard/assets/number_choice-BdhnmLuK.js", "/dashboard/assets/one_rate_prescription-LCTsnD2n.js", "/dashboard/assets/outline_model-gE_xlXcr.js", "/dashboard/assets/own-6WWtDUlx.js", "/dashboard/assets/own-CJpr0tqe.js", "/dashboard/assets/owner_field-B6voUxnT.js", "/dashboard/assets/palette-BB0cc5aC.js", "/dashboard/assets/people-Iaxo9ugN.js", "/dashboard/assets/people_list-DAQqLprK.js", "/dashboard/assets/people_list-U8vdCs0r.js", "/dashboard/assets/person_data-BTjquOJ7.js", "/dashboard/assets/person_data-CWX6pZ1B.js", "/dashboard/assets/person_form-C1SU5Va1.js", "/dashboard/assets/person_form-Wk4-nXLo.js", "/dashboard/assets/person_page-CW5j0mbK.js", "/dashboard/assets/places-B3XXgG-0.js", "/dashboard/assets/places-CZTrc49x.js", "/dashboard/assets/points_prescription-B1btVD12.js", "/dashboard/assets/prescription_fields-BzDfIcbo.js", "/dashboard/assets/progress-C36plrWL.js", "/dashboard/assets/push-DPb9EHBF.js", "/dashboard/assets/quantity_search-NZr6t9NS.js", "/dashboard/assets/recall-D7tbvIdy.js", "/dashboard/assets/records-DNJ5MzQN.js", "/dashboard/assets/records-nzox9Wdv.js", "/dashboard/assets/records-z7XpyXB5.js", "/dashboard/assets/report_links-CkRokXYS.js", "/dashboard/assets/row_rest-BDvQHu2i.js", "/dashboard/assets/season_period-ni3Vj7rq.js", "/dashboard/assets/set_active-2ooZc6f8.js", "/dashboard/assets/settings-B5ChQxbY.js", "/dashboard/assets/settings-B_AsNvba.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-BCNei-zI.js", "/dashboard/assets/stability-Dhu0bhcl.js", "/dashboard/assets/statement_card-qO3I5imE.js", "/dashboard/assets/style-D8cCjQN0.css", "/dashboard/assets/subject_notes-BEgyM1Yh.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table-BdCHLeFZ.js", "/dashboard/assets/table_import-BznM8io6.js", "/dashboard/assets/tapped_place-D0F4Xmxn.js", "/dashboard/assets/tonight_text-BJJFu_sc.js", "/dashboard/assets/treatments_panel-BpqELoMD.js", "/dashboard/assets/treatments_panel-lbIAgK4z.js", "/dashboard/assets/trial_form-ircre_7h.js", "/dashboard/assets/trials_panel-BA2zVk_5.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-Cupojhrb.js", "/dashboard/assets/water_panel-FKxBZ6in.js", "/dashboard/assets/weather-CG3l3MD5.js", "/dashboard/assets/weather_panel-BM9KVtsQ.js", "/dashboard/assets/whose-CBB0-cpn.js", "/dashboard/assets/wind_mark-DMhIN1sM.js", "/dashboard/assets/yield_panel-B9wlaOqJ.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DS8GNM9f.js", "/dashboard/assets/zone_colours-DfNyLG9A.js", "/dashboard/assets/zone_key-CiHBe0O2.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
