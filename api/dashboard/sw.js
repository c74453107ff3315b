// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "9448b73fba47";
const FILES = ["/dashboard/assets/accounts-8golvo00.js", "/dashboard/assets/against_applied-DCseezqJ.js", "/dashboard/assets/alarms-qyb_nqtV.js", "/dashboard/assets/band_text-DdV70Ii-.js", "/dashboard/assets/base-B9fcGwHP.js", "/dashboard/assets/chart-BupQxHp7.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-BzpJq9ET.js", "/dashboard/assets/cooperative-D-Aj6g_0.js", "/dashboard/assets/date_range-FG1Mxdnw.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-CA_txjua.js", "/dashboard/assets/drop_file-BaCbyN1M.js", "/dashboard/assets/duty-B_BQjNV1.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-Co-hot_R.js", "/dashboard/assets/farm_map-BAQC1ceJ.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BtEatmvh.js", "/dashboard/assets/field-vpH7Plr3.js", "/dashboard/assets/field_map-C-1Avmvf.js", "/dashboard/assets/field_weather-D6tSy-53.js", "/dashboard/assets/field_work-C5NoNaiL.js", "/dashboard/assets/fields-CRYOWBSu.js", "/dashboard/assets/file_button-BoaOXwHm.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DO-XFm66.js", "/dashboard/assets/files-C_54uWjD.js", "/dashboard/assets/first-BZV1CAS9.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-D40gAQZS.js", "/dashboard/assets/greenhouse-B21YOJdB.js", "/dashboard/assets/greenhouse-DXfx4qQC.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-BYbf5z93.js", "/dashboard/assets/harvest-C5bnxjLu.js", "/dashboard/assets/harvest_import-B2j7B02d.js", "/dashboard/assets/health-uEvmfzRE.js", "/dashboard/assets/house_tabs-CUCfXtuZ.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-WcNFq6XI.js", "/dashboard/assets/index-B2fuVKiB.js", "/dashboard/assets/layout_map-Dsb1jVW6.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-Cbisbvnu.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-Dgba0pTp.js", "/dashboard/assets/note_list--q8Wem52.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BNqvwZGI.js", "/dashboard/assets/notes_panel-Fox7UJpu.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/points_prescription-8ZAeRymw.js", "/dashboard/assets/push-BWNo7hxI.js", "/dashboard/assets/recall-Bt9eTmVY.js", "/dashboard/assets/records-BcMJdIGX.js", "/dashboard/assets/records-C8PMsYaH.js", "/dashboard/assets/records-DLI3kRfp.js", "/dashboard/assets/report_links-BI---hqQ.js", "/dashboard/assets/settings-BBOTIskI.js", "/dashboard/assets/settings-BIliUDmj.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-BDtdvUZC.js", "/dashboard/assets/style-DZ9QBwBf.css", "/dashboard/assets/subject_notes-CUmiV2tk.js", "/dashboard/assets/tabs-B5wERH6S.js", "/dashboard/assets/tapped_place-DSjdozgX.js", "/dashboard/assets/treatments_panel-BzmxkABl.js", "/dashboard/assets/treatments_panel-D9CoGwN-.js", "/dashboard/assets/trial_form-CXx6vcu6.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-DtBUr2g8.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-hU6BWE4Y.js", "/dashboard/assets/wind_mark-pEFu6IJN.js", "/dashboard/assets/yield_panel-BMkGQZVI.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-B066yXa8.js", "/dashboard/assets/zone_colours-DR45UykN.js", "/dashboard/assets/zone_key-CW5GphLx.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
