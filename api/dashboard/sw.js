// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "e8796c8f4609";
const FILES = ["/dashboard/assets/accounts-CzS6Nax9.js", "/dashboard/assets/alarm_text-BuZRFXIh.js", "/dashboard/assets/alarms-CizBFQep.js", "/dashboard/assets/base-Bjp_yNWd.js", "/dashboard/assets/chart-BXw2A7yu.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-QPW1nB7U.js", "/dashboard/assets/date_range-C6ybfRMv.js", "/dashboard/assets/device_card-CfP1KjjB.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-Cv_CbC8x.js", "/dashboard/assets/drop_file-Bx6r4eRq.js", "/dashboard/assets/duty-BBadi6Xn.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/empty-By-mzcg1.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-lpsh7Rzl.js", "/dashboard/assets/farm_map-CsQwqH86.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-C75KSCU1.js", "/dashboard/assets/field_weather-hE2Vddlp.js", "/dashboard/assets/field_work-XUDxyZ8u.js", "/dashboard/assets/fields-DO5Kw9ea.js", "/dashboard/assets/file_button-BRKmP9E4.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Dd5AthfJ.js", "/dashboard/assets/files-DCnp5wqM.js", "/dashboard/assets/form-tGyU7uiE.js", "/dashboard/assets/greenhouse-CUT8uKhx.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-O6pxqzFB.js", "/dashboard/assets/harvest-X8dbO8u4.js", "/dashboard/assets/health-Bc_UzQ_o.css", "/dashboard/assets/health-ntednwEI.js", "/dashboard/assets/house_tabs-Bp9YGg-9.js", "/dashboard/assets/index-DVs5sffR.js", "/dashboard/assets/layout_map-B0lDodru.js", "/dashboard/assets/lazy-09_ghZ-c.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-DTM3kFna.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BnwMvADc.js", "/dashboard/assets/note_list-CCuwDNTu.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-FpZ91PhN.js", "/dashboard/assets/notes_panel-OzwBBap4.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/points_prescription-CJ0lFC0O.js", "/dashboard/assets/preload-helper-C5GJq4j-.js", "/dashboard/assets/progress-C_JGJv4M.js", "/dashboard/assets/push-ZngTBbqa.js", "/dashboard/assets/records-mJTmH_88.js", "/dashboard/assets/report_links-DcZ3hLuX.js", "/dashboard/assets/settings-IANkKOCa.js", "/dashboard/assets/settings-JgNJgmND.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/style-D4tyisLK.css", "/dashboard/assets/subject_notes-DIoqig4R.js", "/dashboard/assets/table-DJ3TVqTz.css", "/dashboard/assets/table-IDDEWtOd.js", "/dashboard/assets/tabs-C_GVzX7c.js", "/dashboard/assets/tonight_text-CbbGvBLi.js", "/dashboard/assets/treatments_panel-8xIycPA_.js", "/dashboard/assets/treatments_panel-B6lO3kda.js", "/dashboard/assets/trial_form-DrJJlcOp.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-nu7uJv1v.js", "/dashboard/assets/value_tile-B9qbgCNq.js", "/dashboard/assets/weather_panel-BA7UaAsf.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/wind_mark-8c_88wby.js", "/dashboard/assets/zone_colours-CDFt016l.js", "/dashboard/assets/zone_key-D7YyhM6r.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
