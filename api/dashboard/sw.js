// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "754cd5cf1887";
const FILES = ["/dashboard/assets/accounts-CLFAgHwo.js", "/dashboard/assets/against_applied-CiPiqs9K.js", "/dashboard/assets/alarms-cyZ1frZJ.js", "/dashboard/assets/base-ChFNd0c2.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DSIBawfx.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-DMHHSYkD.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-BmhlrmkW.js", "/dashboard/assets/chosen_note-BF9n5915.js", "/dashboard/assets/cooperative-B4YPK_c4.js", "/dashboard/assets/cooperative-DDNC-WqX.js", "/dashboard/assets/date_range-BulytCV0.js", "/dashboard/assets/delete_record-BLGejAeW.js", "/dashboard/assets/deliveries-Cp3moD8Y.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-BaJ3pSNi.js", "/dashboard/assets/doubt_cards-C6yJJbVB.js", "/dashboard/assets/draw_tool-jgc99m8H.js", "/dashboard/assets/drawn_prescription-CZ8NOeyd.js", "/dashboard/assets/drawn_zones_model-CU7EficZ.js", "/dashboard/assets/drop_file-JFbz0y2B.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DiNjaT4x.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-CpgCRLgQ.js", "/dashboard/assets/farm_map-C3JBaC-M.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-Ce7VGfUL.js", "/dashboard/assets/field-DVnPIV8N.js", "/dashboard/assets/field_map-Cx9UdKUN.js", "/dashboard/assets/field_weather-BeHs5PFP.js", "/dashboard/assets/field_work-qaQkipUT.js", "/dashboard/assets/fields-CviUEaEE.js", "/dashboard/assets/file_button-BfGyKt7N.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-GEWQdePz.js", "/dashboard/assets/files-DBjIFZZ7.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-DfC0D8EG.js", "/dashboard/assets/forecast_basis-I6zSeqEr.js", "/dashboard/assets/forecast_providers-CLkxcv0F.js", "/dashboard/assets/forecast_source-DuOJRTEa.js", "/dashboard/assets/form-pDf3J0oX.js", "/dashboard/assets/gateway_rules-Djibs7ZO.js", "/dashboard/assets/greenhouse-Ba7VgYBP.js", "/dashboard/assets/greenhouse-CKcMUhqR.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-CmG50LBl.js", "/dashboard/assets/harvest-4syy2AUh.js", "/dashboard/assets/harvest_import-BGKhtsSc.js", "/dashboard/assets/health-B2qdczID.js", "/dashboard/assets/health-Bt7KyN5q.js", "/dashboard/assets/house_answers-DmiS5sLg.js", "/dashboard/assets/house_tabs-Cm3aLZxL.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-K_V6xXPn.js", "/dashboard/assets/index-BeOl-goe.js", "/dashboard/assets/interval_mark-DEP4H2no.js", "/dashboard/assets/kept_records-54dlhiwc.js", "/dashboard/assets/layout_map-Bx_U0M0i.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-BkG1IoI8.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-CtBS_DTm.js", "/dashboard/assets/next_hours-CstlOY8w.js", "/dashboard/assets/note_form-CkoRRIou.js", "/dashboard/assets/note_list-CFc0ER3E.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-B3cpa83I.js", "/dashboard/assets/notes_panel-kc0mX45Z.js", "/dashboard/assets/number_choice-n6-bII40.js", "/dashboard/assets/one_rate_prescription-CAjzUpwC.js", "/dashboard/assets/outline_model-MFAKhs-W.js", "/dashboard/assets/own-BFaOsmvt.js", "/dashboard/assets/own-DszmQBsN.js", "/dashboard/assets/people-DSeAqoz-.js", "/dashboard/assets/person_data-BMNysss5.js", "/dashboard/assets/person_data-eQ9X6nTE.js", "/dashboard/assets/person_form-BgxA8u2q.js", "/dashboard/assets/person_form-CCUOmcKT.js", "/dashboard/assets/person_record-Dqp2klgf.js", "/dashboard/assets/points_prescription-CHIZML4a.js", "/dashboard/assets/prescription_fields-Ct1Iwhjm.js", "/dashboard/assets/push-HDNHGRTD.js", "/dashboard/assets/recall-SR6fwPiC.js", "/dashboard/assets/records-CNmNWGF5.js", "/dashboard/assets/records-CoMaR_ZS.js", "/dashboard/assets/records-D-y5fMob.js", "/dashboard/assets/report_links-sPSjaaH-.js", "/dashboard/assets/season_period-CrO_qnX5.js", "/dashboard/assets/set_active-CRl1qUee.js", "/dashboard/assets/settings-B61GWwW7.js", "/dashboard/assets/settings-C5WMu1Q1.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-BpyWP6td.js", "/dashboard/assets/stability-b4703pjD.js", "/dashboard/assets/style-CSRhcd3m.css", "/dashboard/assets/subject_notes-Dz5govqF.js", "/dashboard/assets/table_import-B913PU4m.js", "/dashboard/assets/tabs-9P5pjBLL.js", "/dashboard/assets/tapped_place-ByRxk6jw.js", "/dashboard/assets/treatments_panel-DA57ZjZw.js", "/dashboard/assets/treatments_panel-nevSlheh.js", "/dashboard/assets/trial_form-BRvrPgTf.js", "/dashboard/assets/trials_panel-CWEq0-F7.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/water_panel-BEjJXep1.js", "/dashboard/assets/weather-DIG5AIiK.js", "/dashboard/assets/weather_panel-BHLXMnlo.js", "/dashboard/assets/wind_mark-wH979OMX.js", "/dashboard/assets/yield_panel-BsTNiEV9.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DLGt7_zS.js", "/dashboard/assets/zone_colours-D2vLZsZ2.js", "/dashboard/assets/zone_key-CqO6m8jN.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
