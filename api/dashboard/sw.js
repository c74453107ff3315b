// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "50031b85b112";
const FILES = ["/dashboard/assets/accounts-BnXcPAGB.js", "/dashboard/assets/against_applied-KH74fNBH.js", "/dashboard/assets/alarms-D2ClA9wf.js", "/dashboard/assets/band_text-admTeqQg.js", "/dashboard/assets/base-BJL5xakC.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DZ9NjM2L.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-DLxhWQi4.js", "/dashboard/assets/chosen_note-qXxotaxp.js", "/dashboard/assets/cooperative-C68xzFAR.js", "/dashboard/assets/cooperative-Cj2C9zg0.js", "/dashboard/assets/date_range-DUuKcnrn.js", "/dashboard/assets/delete_record-C-uusCqS.js", "/dashboard/assets/deliveries-Cvg_6TUC.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-lrAhveWF.js", "/dashboard/assets/drawn_prescription-Bgt3RfYI.js", "/dashboard/assets/drawn_zones_model-DQ6Sv97i.js", "/dashboard/assets/drop_file-DiGZlnV1.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DIH30swL.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-6jXdRpr3.js", "/dashboard/assets/farm_map-DW55j2sA.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BNdjavoc.js", "/dashboard/assets/field-Bae2lAHC.js", "/dashboard/assets/field_map-D28H5doY.js", "/dashboard/assets/field_weather-C28gU39w.js", "/dashboard/assets/field_work-BNjYW7Wk.js", "/dashboard/assets/fields-BDRtpGXn.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DJsk4pbb.js", "/dashboard/assets/file_button-Z6qDjozi.js", "/dashboard/assets/files-orFyEkV3.js", "/dashboard/assets/first-CGPYtyUH.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-mXGBvlUG.js", "/dashboard/assets/gateway_rules-BJzxtNQ8.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-S5fCxssS.js", "/dashboard/assets/greenhouse-slrwhaHA.js", "/dashboard/assets/grid_map-BIVxK9xD.js", "/dashboard/assets/harvest-DCGYoKGv.js", "/dashboard/assets/harvest_import-dY3kPlqt.js", "/dashboard/assets/health-B54FeU0s.js", "/dashboard/assets/health-yPeYWuyz.js", "/dashboard/assets/house_tabs-BJt6UXP8.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CmPT5UXv.js", "/dashboard/assets/index-Bvgrp5cw.js", "/dashboard/assets/interval_mark-CwR3Qjhk.js", "/dashboard/assets/kept_records-CN6lbbrv.js", "/dashboard/assets/layout_map-BcwXt0uz.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-mG4Y0R_o.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DXaE27AK.js", "/dashboard/assets/note_form-EL0YmDsh.js", "/dashboard/assets/note_list-BlXi83dv.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-CUicoRzF.js", "/dashboard/assets/notes_panel-DKAhl0zG.js", "/dashboard/assets/one_rate_prescription-DYTRrhc6.js", "/dashboard/assets/outline_model-CIkVaobD.js", "/dashboard/assets/own-Bcy8riIE.js", "/dashboard/assets/own-SU4c6qvv.js", "/dashboard/assets/people-D5B4lIAo.js", "/dashboard/assets/person_data-6LlxxYZP.js", "/dashboard/assets/person_data-D277_7Ve.js", "/dashboard/assets/person_form-DdYXPmn6.js", "/dashboard/assets/person_form-wmKCPBy-.js", "/dashboard/assets/person_record-DAhWpG8K.js", "/dashboard/assets/points_prescription-BcKZ8pm8.js", "/dashboard/assets/prescription_fields-9G1ICEDO.js", "/dashboard/assets/push-B2DBrmBt.js", "/dashboard/assets/recall-C55VW_Sr.js", "/dashboard/assets/records-DI0qImWN.js", "/dashboard/assets/records-Dc9HuBKk.js", "/dashboard/assets/records-ZglfD8Yr.js", "/dashboard/assets/report_links-BjReMGp0.js", "/dashboard/assets/season_period-C_5D-7W1.js", "/dashboard/assets/set_active-u-sPeb0Z.js", "/dashboard/assets/settings-Bm5roGU5.js", "/dashboard/assets/settings-CkNB1B9y.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-BYAYBIs-.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-Da1bQroc.js", "/dashboard/assets/table_import---ZVpboX.js", "/dashboard/assets/tabs-Bi0Od97E.js", "/dashboard/assets/tapped_place-C_NAsxAs.js", "/dashboard/assets/treatments_panel-BJn-tDjx.js", "/dashboard/assets/treatments_panel-C9R-I81w.js", "/dashboard/assets/trial_form-C87FnRGa.js", "/dashboard/assets/trials_panel-D9vLUoKk.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-BwW1oZv2.js", "/dashboard/assets/wind_mark-DfzQM5bV.js", "/dashboard/assets/yield_panel-CmVLxXoE.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DgDotCEi.js", "/dashboard/assets/zone_colours-nnZbR3FA.js", "/dashboard/assets/zone_key-D9NcoI7F.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
