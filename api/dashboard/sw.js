// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "fdfa46f3baf8";
const FILES = ["/dashboard/assets/accounts-BGwOUIOb.js", "/dashboard/assets/against_applied-DNiTYCVa.js", "/dashboard/assets/alarms-DBjvi6gB.js", "/dashboard/assets/asked_button-CSSJFhs2.js", "/dashboard/assets/band_text-BxHf0l06.js", "/dashboard/assets/base-B7T6u-rD.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DIOtkekv.js", "/dashboard/assets/cooperative-B4rLxgRE.js", "/dashboard/assets/cooperative-C1yLIBfB.js", "/dashboard/assets/date_range-B0AE_rY4.js", "/dashboard/assets/deliveries-EXrFzXRn.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-DjEE2B6S.js", "/dashboard/assets/drop_file-D4av1OCx.js", "/dashboard/assets/duty-B3J3sRXL.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-D58yL_1i.js", "/dashboard/assets/field-8W5abXIs.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BXas0FHf.js", "/dashboard/assets/field_map-BE6FQKbE.js", "/dashboard/assets/field_weather-BVcHx8rG.js", "/dashboard/assets/field_work-B0l4ezwq.js", "/dashboard/assets/fields-kKJyVrko.js", "/dashboard/assets/file_button-BQOilGZU.js", "/dashboard/assets/file_button-Be400LOv.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/files-DlWiUUGD.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-_w_HUJs5.js", "/dashboard/assets/form-aq5e7Vin.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-GbkIU2ho.js", "/dashboard/assets/greenhouse-I8Kf_6qq.js", "/dashboard/assets/grid_map-BMHA6Nbx.js", "/dashboard/assets/harvest-D3NmE6GD.js", "/dashboard/assets/harvest_import-Bsdcuv1p.js", "/dashboard/assets/health-CoLNRsYS.js", "/dashboard/assets/house_tabs-BHd3360y.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DRuARQeI.js", "/dashboard/assets/index-CCvEQQjY.js", "/dashboard/assets/layout_map-CGhuBnl9.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-DClMk1dW.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-z1ts8SqZ.js", "/dashboard/assets/note_list-Dqkr-K62.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-eTzVeBDx.js", "/dashboard/assets/notes_panel-pyvZHr6I.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-BpZFdPlw.js", "/dashboard/assets/person_form-OeA77kdK.js", "/dashboard/assets/person_record-DQ5y0RiI.js", "/dashboard/assets/points_prescription-C_d502tf.js", "/dashboard/assets/push-DxKLjQeM.js", "/dashboard/assets/recall-DFTByzSq.js", "/dashboard/assets/records-BINwczWW.js", "/dashboard/assets/records-DPMQGBYx.js", "/dashboard/assets/records-Ow1mp9kk.js", "/dashboard/assets/report_links-D0k5H4q6.js", "/dashboard/assets/set_active-KN6BjDgN.js", "/dashboard/assets/settings-C-w6Useh.js", "/dashboard/assets/settings-CozQqBN4.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-DGzVm4bn.js", "/dashboard/assets/style-BSkv7z8b.css", "/dashboard/assets/subject_notes-CRsXQVLo.js", "/dashboard/assets/table_import-Bma4fRV6.js", "/dashboard/assets/tabs-BC99hq4k.js", "/dashboard/assets/tapped_place-fTvHUDzN.js", "/dashboard/assets/treatments_panel-BTCvumUD.js", "/dashboard/assets/treatments_panel-kWFUYsD6.js", "/dashboard/assets/trial_form-DRruoZDZ.js", "/dashboard/assets/trials_panel-CZ6MqD_r.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-D7YtpxC1.js", "/dashboard/assets/wind_mark-C0gyCuK4.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-QnwewEbB.js", "/dashboard/assets/yields-BduqL1bu.js", "/dashboard/assets/zone_colours-DHcbev30.js", "/dashboard/assets/zone_key-CNX30Jeh.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
