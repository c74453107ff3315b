// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "fdbf5ac8b8e5";
const FILES = ["/dashboard/assets/accounts-BwNNFFkm.js", "/dashboard/assets/against_applied-iCa374YH.js", "/dashboard/assets/alarms-Qd8LP1Gm.js", "/dashboard/assets/base-UDMA21XW.js", "/dashboard/assets/chart-C47cY2uZ.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-CFFXEZDu.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-BA-9vcNT.js", "/dashboard/assets/chosen_note-BaCnJpla.js", "/dashboard/assets/cooperative-Cfn1xnhZ.js", "/dashboard/assets/cooperative-CljUJzig.js", "/dashboard/assets/date_range-itvPg9Ot.js", "/dashboard/assets/day_sums-DHoWx79s.js", "/dashboard/assets/delete_record-rWO9OvGM.js", "/dashboard/assets/deliveries-awzlgoGt.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BVem81lO.js", "/dashboard/assets/drawn_prescription-D8sTOu35.js", "/dashboard/assets/drawn_zones_model-j2-60pFk.js", "/dashboard/assets/drop_file-KwCpViUf.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DDM3axI2.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-D5-_tcE5.js", "/dashboard/assets/farm_map-DUU2ZPVJ.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BWsmxC-1.js", "/dashboard/assets/field-BjEq85PV.js", "/dashboard/assets/field_map-B8t8nCOg.js", "/dashboard/assets/field_weather-CwmHITnU.js", "/dashboard/assets/field_work-Dn0ozCTe.js", "/dashboard/assets/fields-3g-jtjh6.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CrGG9Q24.js", "/dashboard/assets/file_button-lmTWwhCx.js", "/dashboard/assets/files-DQG3fQB-.js", "/dashboard/assets/first-BBlMQZpJ.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-oitIpf3c.js", "/dashboard/assets/forecast_providers-Cu-P9sVp.js", "/dashboard/assets/forecast_source-UUJbwo0o.js", "/dashboard/assets/form-CEuG8B4Y.js", "/dashboard/assets/gateway_rules-CfSYNzUH.js", "/dashboard/assets/greenhouse-DgOWzKhr.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-chuEH5nF.js", "/dashboard/assets/grid_map-DBo-KEfc.js", "/dashboard/assets/harvest-B8w4HegD.js", "/dashboard/assets/harvest_import-CKyUrs2e.js", "/dashboard/assets/health-BsI_hrzT.js", "/dashboard/assets/health-LthJ5NDP.js", "/dashboard/assets/house_answers-B_FMhxyX.js", "/dashboard/assets/house_tabs-D5Gah4kg.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-BmSXeWZ0.js", "/dashboard/assets/index-Cv7LYwG-.js", "/dashboard/assets/interval_mark-CcdE7jwj.js", "/dashboard/assets/kept_records-6lDhIltU.js", "/dashboard/assets/layout_map-c18rDYsp.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CH-v-meA.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BG2TFk3C.js", "/dashboard/assets/next_hours-DMQQEWVj.js", "/dashboard/assets/note_form-CU5XZjYp.js", "/dashboard/assets/note_list-woqpu6HV.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-gLT05U3o.js", "/dashboard/assets/notes_panel-Bifb5iAT.js", "/dashboard/assets/number_choice-CS9F6R3H.js", "/dashboard/assets/one_rate_prescription-DCamIbQ2.js", "/dashboard/assets/outline_model-NI3hMZPU.js", "/dashboard/assets/own-BhOYCE9m.js", "/dashboard/assets/own-DmWvSZ1d.js", "/dashboard/assets/people-C7iAG4JL.js", "/dashboard/assets/person_data-DAB8K7n1.js", "/dashboard/assets/person_data-DG78euOC.js", "/dashboard/assets/person_form-BT1rWswD.js", "/dashboard/assets/person_form-Cds5HktA.js", "/dashboard/assets/person_record-C662wfGa.js", "/dashboard/assets/points_prescription-Ciqt4cke.js", "/dashboard/assets/prescription_fields-Dq17FblY.js", "/dashboard/assets/push-BO4oVrlh.js", "/dashboard/assets/recall-B9cvwsE8.js", "/dashboard/assets/records-BP8cgf5n.js", "/dashboard/assets/records-BWescIlK.js", "/dashboard/assets/records-DEdlN7W8.js", "/dashboard/assets/report_links-CM9oxxma.js", "/dashboard/assets/season_period-WMhSopqM.js", "/dashboard/assets/set_active-DvacR0E7.js", "/dashboard/assets/settings-DRuFqblG.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-xjEQAYwM.js", "/dashboard/assets/stability-Cfgxt6m6.js", "/dashboard/assets/style-CG9SNFmA.css", "/dashboard/assets/subject_notes-CVfxusSK.js", "/dashboard/assets/table_import-ChR2a0g5.js", "/dashboard/assets/tabs-B52w3Pz0.js", "/dashboard/assets/tapped_place-DYO4vp-X.js", "/dashboard/assets/treatments_panel-DUVzRn1r.js", "/dashboard/assets/treatments_panel-Dr5vB09X.js", "/dashboard/assets/trial_form-5gOWeuxx.js", "/dashboard/assets/trials_panel-DH6NuzKZ.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/water_panel-DaGx9VPP.js", "/dashboard/assets/weather-DSVjYmqZ.js", "/dashboard/assets/weather_panel-t_NUHDrt.js", "/dashboard/assets/wind_mark-CwdNYD-X.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-pCSBzxAF.js", "/dashboard/assets/yields-CHqXY0TU.js", "/dashboard/assets/zone_colours-DQg4PNWR.js", "/dashboard/assets/zone_key-0pJTz4Hh.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
