// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "4f136f219dbf";
const FILES = ["/dashboard/assets/accounts-jPJTXIdn.js", "/dashboard/assets/against_applied-DoP9TLyK.js", "/dashboard/assets/alarms-DFk496Jn.js", "/dashboard/assets/band_text-jwTkjATN.js", "/dashboard/assets/base-BDvVbSBy.js", "/dashboard/assets/chart-C60kKX0P.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-BcyFQTui.js", "/dashboard/assets/cooperative-ZhopBhP4.js", "/dashboard/assets/date_range-CToNSFH0.js", "/dashboard/assets/deliveries-DVyHjpRv.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-Bn9ySqez.js", "/dashboard/assets/drop_file-CvSMP10c.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-CggR5kMt.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-BFBql9Rl.js", "/dashboard/assets/farm_map-CtRTRleR.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-B8-uCCLc.js", "/dashboard/assets/field-CfP0GaJZ.js", "/dashboard/assets/field_map-CuQi4r4m.js", "/dashboard/assets/field_weather-BJz7WWPW.js", "/dashboard/assets/field_work-CJMiQmVR.js", "/dashboard/assets/fields-DT3RkeQu.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-C5YeLH8E.js", "/dashboard/assets/file_button-D8lR29L-.js", "/dashboard/assets/files-DFvD7ASZ.js", "/dashboard/assets/first-Ct1NQojP.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-D1kVAY5H.js", "/dashboard/assets/greenhouse-CIVUHSeU.js", "/dashboard/assets/greenhouse-CT4Wezka.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-DzNtBqcy.js", "/dashboard/assets/harvest-BBGhD3I2.js", "/dashboard/assets/harvest_import-CQcCD4I4.js", "/dashboard/assets/health-1uWuEhoD.js", "/dashboard/assets/house_tabs-CkAzRZb3.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CuR5VsUD.js", "/dashboard/assets/index-BzlfO9gc.js", "/dashboard/assets/layout_map-BfEI2SJf.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-Dk1OSBuT.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DNikzSgc.js", "/dashboard/assets/note_list-D6YrAKWJ.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-z481CiUt.js", "/dashboard/assets/notes_panel-GQcorypP.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_record-DbE_upCD.js", "/dashboard/assets/points_prescription-D9njSo5m.js", "/dashboard/assets/push-BFVdWGpX.js", "/dashboard/assets/recall-BvlhVEW3.js", "/dashboard/assets/records-BioEhUy2.js", "/dashboard/assets/records-Cis3ZwfP.js", "/dashboard/assets/records-wDcunvJj.js", "/dashboard/assets/report_links-P1mwyTgh.js", "/dashboard/assets/settings-CF9P1dmJ.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-kY-t2bla.js", "/dashboard/assets/stability-xRgcYHhL.js", "/dashboard/assets/style-DZ9QBwBf.css", "/dashboard/assets/subject_notes-Dva4cbx0.js", "/dashboard/assets/table_import-BJP2I3Ru.js", "/dashboard/assets/tabs-BovmYi7R.js", "/dashboard/assets/tapped_place-C4ZfR1vd.js", "/dashboard/assets/treatments_panel-B19dO2tJ.js", "/dashboard/assets/treatments_panel-CMYx1stc.js", "/dashboard/assets/trial_form-DsuBHOEr.js", "/dashboard/assets/trials_panel-BniySpre.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-Crh8x9nh.js", "/dashboard/assets/wind_mark-BSHNRBJU.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-g6qhtsqy.js", "/dashboard/assets/yields-DHOeoa-d.js", "/dashboard/assets/zone_colours-CfB8bQMa.js", "/dashboard/assets/zone_key-DAVpt76W.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
