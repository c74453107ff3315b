// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "36f844681bd3";
const FILES = ["/dashboard/assets/accounts-BH0dIbJz.js", "/dashboard/assets/alarm_text-nUpw3UQi.js", "/dashboard/assets/alarms-B8B5fKFS.js", "/dashboard/assets/band_text-DUk4nicU.js", "/dashboard/assets/base-CSEza43E.js", "/dashboard/assets/chart-B4b-T9Na.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-DIuFQZwk.js", "/dashboard/assets/date_range-CeswwnET.js", "/dashboard/assets/device_card-llogwZqI.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-CWyuL-E-.js", "/dashboard/assets/drop_file-Z3TVpXU7.js", "/dashboard/assets/duty-C8b0DdYU.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/empty-lWxol0R6.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-Chw1NNJe.js", "/dashboard/assets/farm_map-DEu0BxQF.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-wtSbMrH_.js", "/dashboard/assets/field_weather-BNCNU8Q3.js", "/dashboard/assets/field_work-B4Hog-nJ.js", "/dashboard/assets/fields-B0TEalKg.js", "/dashboard/assets/file_button-BGj4HBtb.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DO0sIvYk.js", "/dashboard/assets/files-DpfjfqZ2.js", "/dashboard/assets/form-v564uxtU.js", "/dashboard/assets/greenhouse-BpI1StHY.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-Dv4cJ_9i.js", "/dashboard/assets/harvest-DWXVhRaa.js", "/dashboard/assets/health-Bc_UzQ_o.css", "/dashboard/assets/health-CFRs6ryz.js", "/dashboard/assets/house_tabs-DsFe-Njw.js", "/dashboard/assets/index-qMlQwa9_.js", "/dashboard/assets/layout_map-DC59Rzvd.js", "/dashboard/assets/lazy-SWxqZwjJ.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CpYQLFY2.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DIwT0RrY.js", "/dashboard/assets/note_list-CcvIqXmT.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-dmqv2035.js", "/dashboard/assets/notes_panel-VICsjyVm.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/points_prescription-D_xmuj6f.js", "/dashboard/assets/preload-helper-C5GJq4j-.js", "/dashboard/assets/progress-B3PkEUIF.js", "/dashboard/assets/push-DZ92k-pf.js", "/dashboard/assets/recall-DpeJINJM.js", "/dashboard/assets/records-BHaMvtxD.js", "/dashboard/assets/records-Cput8rLM.js", "/dashboard/assets/report_links-CpnaMBZd.js", "/dashboard/assets/settings-B6bbfOm5.js", "/dashboard/assets/settings-CybW6_-9.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/style-DZ9QBwBf.css", "/dashboard/assets/subject_notes-RUFYhuUN.js", "/dashboard/assets/table-CS7nAFuw.js", "/dashboard/assets/table-DJ3TVqTz.css", "/dashboard/assets/tabs-DvV6KaXM.js", "/dashboard/assets/tonight_text-Y2aTIfKj.js", "/dashboard/assets/treatments_panel-C75UIiPc.js", "/dashboard/assets/treatments_panel-DJp6ewNL.js", "/dashboard/assets/trial_form-C6vGZaHi.js", "/dashboard/assets/trials_panel-CD4_zR_S.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-oSJX9ZXO.js", "/dashboard/assets/weather_panel-BFvmJgAz.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/wind_mark-CXS_h0jU.js", "/dashboard/assets/zone_colours-Bvyj6olg.js", "/dashboard/assets/zone_key-CykY8Z4C.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
