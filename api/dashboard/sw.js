// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "0960b7bbf74d";
const FILES = ["/dashboard/assets/accounts-CX6oWhQ3.js", "/dashboard/assets/against_applied-CZBa47kF.js", "/dashboard/assets/alarms-CCueBUQV.js", "/dashboard/assets/asked_button-BTevGnGT.js", "/dashboard/assets/band_text-Df6x0i3s.js", "/dashboard/assets/base-C88fTTyv.js", "/dashboard/assets/chart-B32hFNTH.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-B-XYQBB0.js", "/dashboard/assets/cooperative-WgluatxM.js", "/dashboard/assets/date_range-B-q2WWaa.js", "/dashboard/assets/deliveries-CVX3iXqN.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-Deru72UP.js", "/dashboard/assets/drop_file-DaP2I1xK.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DOjdIf-y.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-BxRihGLO.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BrXaYe0q.js", "/dashboard/assets/field-CZimc2OS.js", "/dashboard/assets/field_map-B_WuzVTG.js", "/dashboard/assets/field_weather-CzQ7pJR2.js", "/dashboard/assets/field_work-C6PirkGn.js", "/dashboard/assets/fields-DuBS996J.js", "/dashboard/assets/file_button-B2JeMjgL.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-D3jzQg9D.js", "/dashboard/assets/files-CcI-Gj6z.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-zDaBBsFm.js", "/dashboard/assets/form-oYVnxtnx.js", "/dashboard/assets/formats_worker-Bq-nxzja.js", "/dashboard/assets/greenhouse-CTIpWswu.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-K4xwqEME.js", "/dashboard/assets/grid_map-C_0sex3Q.js", "/dashboard/assets/harvest-B1WoAJp_.js", "/dashboard/assets/harvest_import-DSJWB-L4.js", "/dashboard/assets/health-RKx6u9x3.js", "/dashboard/assets/house_tabs-B7yuCFM7.js", "/dashboard/assets/imports_panel-BYlac4W5.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-JwmkjBXp.js", "/dashboard/assets/layout_map-B_4F3NFb.js", "/dashboard/assets/map-73KXgnna.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DLatKxP6.js", "/dashboard/assets/note_list-C8pVfFcZ.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-C_Mj5mIJ.js", "/dashboard/assets/notes_panel-Mf8OCWeZ.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-CPh2zHTO.js", "/dashboard/assets/person_form-Z3sKBeT4.js", "/dashboard/assets/person_record-CYMB2LkK.js", "/dashboard/assets/points_prescription-Cq0MCDh0.js", "/dashboard/assets/push-BWyOpuO-.js", "/dashboard/assets/recall-H1eVAVvm.js", "/dashboard/assets/records-BOq3VpSg.js", "/dashboard/assets/records-CyLAGj8i.js", "/dashboard/assets/records-D487eg9m.js", "/dashboard/assets/report_links-Dl1AKYcY.js", "/dashboard/assets/set_active-DBAtfNqZ.js", "/dashboard/assets/settings-BtBSX6R5.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-br0IQfeE.js", "/dashboard/assets/stability-DoGMq2xE.js", "/dashboard/assets/style-C5gFF8pS.css", "/dashboard/assets/subject_notes-Cn8H82J1.js", "/dashboard/assets/table_import-BHnJw0bD.js", "/dashboard/assets/tabs-k54udYJS.js", "/dashboard/assets/tapped_place-7OTjii0W.js", "/dashboard/assets/treatments_panel-BVZuVFAF.js", "/dashboard/assets/treatments_panel-Dfm-Wz5U.js", "/dashboard/assets/trial_form-Dj3r-OYY.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-DpiI7_WT.js", "/dashboard/assets/weather_panel-0_BjIxwZ.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/wind_mark-hafJNK8x.js", "/dashboard/assets/yield_panel-B8equjTy.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DwjKEs_i.js", "/dashboard/assets/zone_colours-KqJDkumK.js", "/dashboard/assets/zone_key-BCFV1INb.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
