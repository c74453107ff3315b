// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "ede6a5ba8baf";
const FILES = ["/dashboard/assets/accounts-CTEU968H.js", "/dashboard/assets/against_applied-DXQqgYI1.js", "/dashboard/assets/alarms-BC0MXi_0.js", "/dashboard/assets/asked_button-CPlr7uvo.js", "/dashboard/assets/band_text-C30u6Cgu.js", "/dashboard/assets/base-DQXJ54gB.js", "/dashboard/assets/chart-CP4XNVRm.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-BAgBVlsl.js", "/dashboard/assets/cooperative-Ch6l_h8r.js", "/dashboard/assets/date_range-C4TPomtB.js", "/dashboard/assets/deliveries-Bw7pY7Vo.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-C7sVBLrL.js", "/dashboard/assets/drop_file-1tscidPJ.js", "/dashboard/assets/duty-CC2BOd6_.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-Bduhj7yM.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BCugD2AJ.js", "/dashboard/assets/field-VjknuLl8.js", "/dashboard/assets/field_map-CQvhIBcv.js", "/dashboard/assets/field_weather-P3a3eHjt.js", "/dashboard/assets/field_work-BKm9_uQ1.js", "/dashboard/assets/fields-CbHsCyPO.js", "/dashboard/assets/file_button--ON5QRBL.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DXiZXKPf.js", "/dashboard/assets/files-DSlo2-vz.js", "/dashboard/assets/first-B1kG9Lz2.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-3ENZakJd.js", "/dashboard/assets/greenhouse-CJ635emK.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-UNHokKOC.js", "/dashboard/assets/grid_map-CZjFjRcX.js", "/dashboard/assets/harvest-CtkpJU-o.js", "/dashboard/assets/harvest_import-rQ7n9Hrk.js", "/dashboard/assets/health-BGrZe5MJ.js", "/dashboard/assets/house_tabs-Bl2ITVSN.js", "/dashboard/assets/imports_panel-BRWpC4cn.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-CSMoNmvS.js", "/dashboard/assets/layout_map-BAJ2ks0u.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-Bx_7jjnC.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DUIg70OS.js", "/dashboard/assets/note_list-BfHG1DNk.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DjCX6N0W.js", "/dashboard/assets/notes_panel-BO15Gz8Y.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-C6aPTpK9.js", "/dashboard/assets/person_form-kqgpjyC5.js", "/dashboard/assets/person_record-mCrZWDf3.js", "/dashboard/assets/points_prescription-VYgEZdL6.js", "/dashboard/assets/push-jA05uLZR.js", "/dashboard/assets/recall-DMUktENJ.js", "/dashboard/assets/records-BaxqK0Ko.js", "/dashboard/assets/records-C8zRA5P_.js", "/dashboard/assets/records-CEednXAu.js", "/dashboard/assets/report_links-S2oPjn-d.js", "/dashboard/assets/set_active-BxTNS4pY.js", "/dashboard/assets/settings-BfjMp5R5.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-of00TjeM.js", "/dashboard/assets/stability-D_y0DjuU.js", "/dashboard/assets/style-D7SUIn56.css", "/dashboard/assets/subject_notes-DGcGAyYw.js", "/dashboard/assets/table_import-CbPCwQfi.js", "/dashboard/assets/tabs-D0PLqT6-.js", "/dashboard/assets/tapped_place-D6gsJ8qz.js", "/dashboard/assets/treatments_panel-BQaW4KIm.js", "/dashboard/assets/treatments_panel-DqWHRjwX.js", "/dashboard/assets/trial_form-A8MNs0Nh.js", "/dashboard/assets/trials_panel-0dULB2GI.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CoBUnpGm.js", "/dashboard/assets/wind_mark-GbsuRNT0.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-Dr1tIz4T.js", "/dashboard/assets/yields-Dix2hH13.js", "/dashboard/assets/zone_colours-BLJSU7xk.js", "/dashboard/assets/zone_key-BTAPG6nR.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
