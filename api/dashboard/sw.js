// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "416efeace70b";
const FILES = ["/dashboard/assets/accounts-2ykGmu1W.js", "/dashboard/assets/against_applied-BhYS5wZS.js", "/dashboard/assets/alarms-t0yWECcA.js", "/dashboard/assets/base-8DgkoKJj.js", "/dashboard/assets/chart-B4ki7dsd.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-CbiiVgc7.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-D9u2TTfn.js", "/dashboard/assets/chosen_note-CftMUBp3.js", "/dashboard/assets/cooperative-CuebhnWZ.js", "/dashboard/assets/cooperative-Ds6UF6ab.js", "/dashboard/assets/date_range-BYRMTcLV.js", "/dashboard/assets/delete_record-CsaA8jc7.js", "/dashboard/assets/deliveries-Di2GXWh6.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-BpnXpn_t.js", "/dashboard/assets/doubt_cards-y78c0V0W.js", "/dashboard/assets/draw_tool-CtxHzYLh.js", "/dashboard/assets/drawn_prescription-BuQ15yyo.js", "/dashboard/assets/drawn_zones_model-Ci8vq4Ux.js", "/dashboard/assets/drop_file-1UJhVgcs.js", "/dashboard/assets/duty-CY4gjTGO.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-C1sz05U_.js", "/dashboard/assets/farm_map-Dt_9M7pA.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-DWyFukw8.js", "/dashboard/assets/field-Rh6idOzR.js", "/dashboard/assets/field_map-Dop7ce_Y.js", "/dashboard/assets/field_weather-Btzwlh9i.js", "/dashboard/assets/field_work-CFHYkqHC.js", "/dashboard/assets/fields-BjE_Op0q.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CroXcDxl.js", "/dashboard/assets/file_button-Da_VwmN7.js", "/dashboard/assets/files-CaPdyeW5.js", "/dashboard/assets/first-Cw5iAHTv.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-Bam_Cu0n.js", "/dashboard/assets/forecast_providers-B6ECjy0Z.js", "/dashboard/assets/forecast_source-BVSeY74_.js", "/dashboard/assets/form-CbOUbIaA.js", "/dashboard/assets/gateway_rules-Dw1t5el9.js", "/dashboard/assets/greenhouse-CY590Wl0.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-cUqtPnU0.js", "/dashboard/assets/grid_map-CsN8RfZK.js", "/dashboard/assets/harvest-VR45ACxm.js", "/dashboard/assets/harvest_import-CeIwa-Se.js", "/dashboard/assets/health-BXKxsAMV.js", "/dashboard/assets/health-BtkHIita.js", "/dashboard/assets/house_answers-CEJ-ku8w.js", "/dashboard/assets/house_tabs-WkuKYHjO.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-D6exCMrf.js", "/dashboard/assets/index-Dn6Vc4jW.js", "/dashboard/assets/interval_mark-Rtlgs2Sm.js", "/dashboard/assets/kept_records-okJFNLFV.js", "/dashboard/assets/layout_map-kSoGnupR.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-n00R9FUG.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-CpUX3ygK.js", "/dashboard/assets/next_hours-CBKVCAaH.js", "/dashboard/assets/note_form-CZ_DHj9H.js", "/dashboard/assets/note_list-4KsIYPBt.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BvJOhOFR.js", "/dashboard/assets/notes_panel-CCDI2j3d.js", "/dashboard/assets/number_choice-BzkmJ66C.js", "/dashboard/assets/one_rate_prescription-BLmgBhvA.js", "/dashboard/assets/outline_model-Bd1q_Vz8.js", "/dashboard/assets/own-DRmS7QcD.js", "/dashboard/assets/own-DzZ-8LVn.js", "/dashboard/assets/people-DqXOgymk.js", "/dashboard/assets/person_data-DLYQIGoo.js", "/dashboard/assets/person_data-JJzMj8r0.js", "/dashboard/assets/person_form-C9f6Aw_R.js", "/dashboard/assets/person_form-Dq319eHW.js", "/dashboard/assets/person_record-r3frc0Xj.js", "/dashboard/assets/points_prescription-CmiwIEMW.js", "/dashboard/assets/prescription_fields-Du5UDNBB.js", "/dashboard/assets/push-DiOuNP52.js", "/dashboard/assets/recall-CzmK-jpg.js", "/dashboard/assets/records-BnBzN__C.js", "/dashboard/assets/records-D2AbtmbF.js", "/dashboard/assets/records-NdurGjGF.js", "/dashboard/assets/report_links-C0B4db4_.js", "/dashboard/assets/season_period-CJSLJhB5.js", "/dashboard/assets/set_active-3Xcm8NZJ.js", "/dashboard/assets/settings-D1361rn7.js", "/dashboard/assets/settings-Dq-6KcKk.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-CrVt-QNl.js", "/dashboard/assets/stability-BkWh-eib.js", "/dashboard/assets/style-CSRhcd3m.css", "/dashboard/assets/subject_notes-ChTBO1jm.js", "/dashboard/assets/table_import-BGjxPNwD.js", "/dashboard/assets/tabs-DIt7kGMZ.js", "/dashboard/assets/tapped_place-BYepihbM.js", "/dashboard/assets/treatments_panel-BFnsvapk.js", "/dashboard/assets/treatments_panel-BSj6hDV_.js", "/dashboard/assets/trial_form-DQENfzsF.js", "/dashboard/assets/trials_panel-Be5fpfST.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/water_panel-CfW_Jbzg.js", "/dashboard/assets/weather-MLgM9YTX.js", "/dashboard/assets/weather_panel-tdRFR7hx.js", "/dashboard/assets/wind_mark-YYpvQzV7.js", "/dashboard/assets/yield_panel-CWxJQ9Qh.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-D9-8dNkR.js", "/dashboard/assets/zone_colours-B7-y-xbL.js", "/dashboard/assets/zone_key-BkcrGVd2.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
