// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "c6e6cb447eb3";
const FILES = ["/dashboard/assets/accounts-BrPsHGFg.js", "/dashboard/assets/against_applied-BMTMu4iI.js", "/dashboard/assets/alarms-U00GgK9a.js", "/dashboard/assets/asked_button-DeK3ue7H.js", "/dashboard/assets/band_text-Mvkpve_H.js", "/dashboard/assets/base-ENHbhU6V.js", "/dashboard/assets/chart-CPowgzMS.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-BMnRdI3U.js", "/dashboard/assets/cooperative-Ddedd_up.js", "/dashboard/assets/date_range-C0Nj8IK0.js", "/dashboard/assets/deliveries-VwNwjI75.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-7NkoICg6.js", "/dashboard/assets/drop_file-DU2wcte5.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DFxJn2Ms.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-CFxgr8iL.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-Dfx-7Z4Y.js", "/dashboard/assets/field-Dujl5Glb.js", "/dashboard/assets/field_map-Vs9ZeO_Z.js", "/dashboard/assets/field_weather-DFJCKNCT.js", "/dashboard/assets/field_work-DQCpDMh6.js", "/dashboard/assets/fields-DCgxitQd.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-C3VEBxid.js", "/dashboard/assets/file_button-DYXXQdOl.js", "/dashboard/assets/files-BOhgeGeS.js", "/dashboard/assets/first-BcsdTxB-.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-CghXsjQM.js", "/dashboard/assets/greenhouse-C942l2wN.js", "/dashboard/assets/greenhouse-CYtmay_Q.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-CHFdzHwf.js", "/dashboard/assets/harvest-BF7wSXZY.js", "/dashboard/assets/harvest_import-DIn4ogkN.js", "/dashboard/assets/health-BzgfEfO1.js", "/dashboard/assets/house_tabs-C4QzC4De.js", "/dashboard/assets/imports_panel-856uKMr7.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-BGNziAYt.js", "/dashboard/assets/layout_map-CDc41aNX.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CaaSFZgf.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-De5N8A8Y.js", "/dashboard/assets/note_list-mv7FOj8U.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-Br1-2pos.js", "/dashboard/assets/notes_panel-CRkgHM61.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-C07Dd5R8.js", "/dashboard/assets/person_form-Ca9Gp5cB.js", "/dashboard/assets/person_record-DZtV6esH.js", "/dashboard/assets/points_prescription-DAijilzJ.js", "/dashboard/assets/push-YZdAaCbh.js", "/dashboard/assets/recall-eYdsRWFQ.js", "/dashboard/assets/records-DAKMf-n2.js", "/dashboard/assets/records-N_wiBqYL.js", "/dashboard/assets/records-OUMuyuRX.js", "/dashboard/assets/report_links-CatP2__z.js", "/dashboard/assets/set_active-DrZD5a_A.js", "/dashboard/assets/settings-BY3D8Iz0.js", "/dashboard/assets/settings-Bjq04IJ7.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-GzkjC43i.js", "/dashboard/assets/style-C5gFF8pS.css", "/dashboard/assets/subject_notes-CFd5wRWN.js", "/dashboard/assets/table_import-BijE5iUF.js", "/dashboard/assets/tabs-DKjkH2uc.js", "/dashboard/assets/tapped_place-BHoXZGXf.js", "/dashboard/assets/treatments_panel-P6sHomW6.js", "/dashboard/assets/treatments_panel-WtE0AtBq.js", "/dashboard/assets/trial_form-BbxQj8IN.js", "/dashboard/assets/trials_panel-CbZn6Kek.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CtfyIZY7.js", "/dashboard/assets/wind_mark-DMvCRWks.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DcfSu4ce.js", "/dashboard/assets/yields-QDpCguI7.js", "/dashboard/assets/zone_colours-Cms9_4QD.js", "/dashboard/assets/zone_key-DU1y6Ubh.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
