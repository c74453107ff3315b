// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "e2617b949397";
const FILES = ["/dashboard/assets/accounts-CC4X1EDY.js", "/dashboard/assets/against_applied-BqwdJOKk.js", "/dashboard/assets/alarms-MjodcyFc.js", "/dashboard/assets/base-DcUPQlzD.js", "/dashboard/assets/chart-Bw5JAuWD.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-B9-81Vc4.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-D3W4LBoE.js", "/dashboard/assets/chosen_note-B0WGs-2R.js", "/dashboard/assets/cooperative-B4Al2fJO.js", "/dashboard/assets/cooperative-DYw4aoj7.js", "/dashboard/assets/date_range-BN_EEIhB.js", "/dashboard/assets/delete_record-Cm9bBGsC.js", "/dashboard/assets/deliveries-BWJTNrKD.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-C9qFqjZ8.js", "/dashboard/assets/drawn_prescription-Dn--nftc.js", "/dashboard/assets/drawn_zones_model-Cj4T_adH.js", "/dashboard/assets/drop_file-G_gzOdhX.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-dhOgkJLQ.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-C2V02y99.js", "/dashboard/assets/farm_map-Bc52tQBi.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-B6eR_KrZ.js", "/dashboard/assets/field-uGBg4uw0.js", "/dashboard/assets/field_map-DlgfEP60.js", "/dashboard/assets/field_weather-DMCTrsEn.js", "/dashboard/assets/field_work-DWMB-R0f.js", "/dashboard/assets/fields-BjrG5Uz_.js", "/dashboard/assets/file_button-BP6T1Fh3.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CkYIArkA.js", "/dashboard/assets/files-DK69WyLE.js", "/dashboard/assets/first-CQmCc89o.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-BfJ9BYry.js", "/dashboard/assets/forecast_providers-DAqCt1xg.js", "/dashboard/assets/forecast_source-C-Ax7j6S.js", "/dashboard/assets/form-BYUB8J2r.js", "/dashboard/assets/gateway_rules-CJyWxr1N.js", "/dashboard/assets/greenhouse-Bi_ezeC2.js", "/dashboard/assets/greenhouse-BjW-6WaF.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-DMR8MTAp.js", "/dashboard/assets/harvest-BWV0TeTP.js", "/dashboard/assets/harvest_import-Bv-TIyqA.js", "/dashboard/assets/health-CI_SKRyM.js", "/dashboard/assets/health-CT1H73EJ.js", "/dashboard/assets/house_answers-B6mSwgpL.js", "/dashboard/assets/house_tabs-DIxT8un_.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-c8NTTzET.js", "/dashboard/assets/index-jASrm9p5.js", "/dashboard/assets/interval_mark-uSGWyAKv.js", "/dashboard/assets/kept_records-FjxEanzt.js", "/dashboard/assets/layout_map-Bvbcv9Ii.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-YSuqfs2F.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-CTmb0Tp7.js", "/dashboard/assets/next_hours-CiyfXA2T.js", "/dashboard/assets/note_form-XcqWAxAe.js", "/dashboard/assets/note_list-DC0quMBU.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-CMyATbiA.js", "/dashboard/assets/notes_panel-BBIb4S6K.js", "/dashboard/assets/number_choice-B8HS252C.js", "/dashboard/assets/one_rate_prescription-DnrSKDPv.js", "/dashboard/assets/outline_model-cvALalTE.js", "/dashboard/assets/own-CKOX1RIg.js", "/dashboard/assets/own-xwq1JM_Y.js", "/dashboard/assets/people-B0ij7HE1.js", "/dashboard/assets/person_data-B1K_eUd2.js", "/dashboard/assets/person_data-Rn7ikY-_.js", "/dashboard/assets/person_form-CU_iNK65.js", "/dashboard/assets/person_form-CnYm0J9V.js", "/dashboard/assets/person_record-OzpHIODa.js", "/dashboard/assets/points_prescription-DSzTFwoo.js", "/dashboard/assets/prescription_fields-Bt2fejAi.js", "/dashboard/assets/push-DAfXIyLE.js", "/dashboard/assets/recall-DSN_IIgY.js", "/dashboard/assets/records-Cmtx07Q3.js", "/dashboard/assets/records-D9izVoYE.js", "/dashboard/assets/records-DDx0hx8z.js", "/dashboard/assets/report_links-DXu-VcLW.js", "/dashboard/assets/season_period-C-Ta30WD.js", "/dashboard/assets/set_active-oLmsl6E_.js", "/dashboard/assets/settings-BAEGnWio.js", "/dashboard/assets/settings-Dc-EwsNv.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-3g9fD-L7.js", "/dashboard/assets/stability-CzQH9-X-.js", "/dashboard/assets/style-CSRhcd3m.css", "/dashboard/assets/subject_notes-YLcTMC4d.js", "/dashboard/assets/table_import-AP_QNkRf.js", "/dashboard/assets/tabs-CzHKxogB.js", "/dashboard/assets/tapped_place-DfTwRGCJ.js", "/dashboard/assets/treatments_panel-CuMcGs7e.js", "/dashboard/assets/treatments_panel-rO4I87T1.js", "/dashboard/assets/trial_form-BAAnFqMV.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-DshOg9eG.js", "/dashboard/assets/water_panel-D9TX_SIV.js", "/dashboard/assets/weather-CURF9eX7.js", "/dashboard/assets/weather_panel-gayfnMov.js", "/dashboard/assets/wind_mark-DS2QJrta.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-D28l3B0e.js", "/dashboard/assets/yields-CAGwMHab.js", "/dashboard/assets/zone_colours-Di9ZPyKM.js", "/dashboard/assets/zone_key-MDJaBwvj.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
