// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "b09b62723a12";
const FILES = ["/dashboard/assets/accounts-CGq0jyTW.js", "/dashboard/assets/against_applied-CIwutZtW.js", "/dashboard/assets/alarms-Cy8PRfzY.js", "/dashboard/assets/band_text-DXdZp4hr.js", "/dashboard/assets/base-Dkk-YfZc.js", "/dashboard/assets/chart-C1_0pyFl.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-CwPg5k8v.js", "/dashboard/assets/cooperative-D5iRdyCF.js", "/dashboard/assets/date_range-DbaWBRZ5.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-CpYadw7w.js", "/dashboard/assets/drop_file-V2ifA351.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-af5d_5fa.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-BOowIKib.js", "/dashboard/assets/farm_map-IZZAF07h.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BA4eVbtv.js", "/dashboard/assets/field-CBrJN4w7.js", "/dashboard/assets/field_map-DH_vLxdl.js", "/dashboard/assets/field_weather-BLv9Nl1t.js", "/dashboard/assets/field_work-Cn0BNUBa.js", "/dashboard/assets/fields-CzEAXAP6.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-ByxK07r1.js", "/dashboard/assets/file_button-DT0NXvAa.js", "/dashboard/assets/files-G7Xs7LXQ.js", "/dashboard/assets/first-D8dDNJEN.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-B2Jol1wc.js", "/dashboard/assets/greenhouse-DBQIeQ9G.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-GG487TDn.js", "/dashboard/assets/grid_map-MQq59Lyn.js", "/dashboard/assets/harvest-DzL5xp-b.js", "/dashboard/assets/health-CnoMu8an.js", "/dashboard/assets/house_tabs-DI9q7wVw.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-BwHqqVsd.js", "/dashboard/assets/imports_panel-Df04kdrX.js", "/dashboard/assets/index-DXfze2Lb.js", "/dashboard/assets/layout_map-BVMLl8v4.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-NUcNBRDl.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-Cc5c3f_M.js", "/dashboard/assets/note_list-BZ0AreOV.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BDtlIWgp.js", "/dashboard/assets/notes_panel-crMRM9jD.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/points_prescription-DTTXVc0P.js", "/dashboard/assets/push-DHDVPfjJ.js", "/dashboard/assets/recall-C1o5iGzW.js", "/dashboard/assets/records-CGOaIU3D.js", "/dashboard/assets/records-D57JmA6T.js", "/dashboard/assets/records-DdUONyAR.js", "/dashboard/assets/report_links-Dz4ZU2Hy.js", "/dashboard/assets/settings-CydvfJX8.js", "/dashboard/assets/settings-DuzloUAK.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-DSWvisTQ.js", "/dashboard/assets/style-DZ9QBwBf.css", "/dashboard/assets/subject_notes-S9YYAthF.js", "/dashboard/assets/tabs-DAzsqNkQ.js", "/dashboard/assets/tapped_place-CNCTgWM6.js", "/dashboard/assets/treatments_panel-BWxErnjM.js", "/dashboard/assets/treatments_panel-COMxSAlb.js", "/dashboard/assets/trial_form-CGqP-dvM.js", "/dashboard/assets/trials_panel-COZSw62V.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CtLgyXWL.js", "/dashboard/assets/wind_mark-C1nElOSN.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-De-b7_N5.js", "/dashboard/assets/zone_colours-Cx49Ff0l.js", "/dashboard/assets/zone_key-B73jCOCR.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
