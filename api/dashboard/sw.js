// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "6e7dd7d1a849";
const FILES = ["/dashboard/assets/accounts-CrooGiGO.js", "/dashboard/assets/against_applied-IsGk3rE9.js", "/dashboard/assets/alarms-BeAE0DKh.js", "/dashboard/assets/asked_button-CGVp0cIb.js", "/dashboard/assets/band_text-Cpwn-WRg.js", "/dashboard/assets/base-2X9WPEkk.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-Dc41BLVp.js", "/dashboard/assets/cooperative-C1XeVzFN.js", "/dashboard/assets/cooperative-z_05ErBz.js", "/dashboard/assets/date_range-6Tm7plwC.js", "/dashboard/assets/deliveries-Drn22jIK.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-CKP87laJ.js", "/dashboard/assets/drop_file-DrCnQ7CV.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-CfIbxquM.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-Bh-OTFi0.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-Br24GJ4u.js", "/dashboard/assets/field-Cp-JqXbu.js", "/dashboard/assets/field_map-CBkL07op.js", "/dashboard/assets/field_weather-DqzBpmQQ.js", "/dashboard/assets/field_work-1eFC00Wt.js", "/dashboard/assets/fields-BLJF9GsL.js", "/dashboard/assets/file_button-486xLcgh.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CO3i1d4S.js", "/dashboard/assets/files-BRGIELvd.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-DTxdUgrP.js", "/dashboard/assets/form-B35gtILL.js", "/dashboard/assets/greenhouse-B9NB9Zur.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-ob5BQjJl.js", "/dashboard/assets/grid_map-g3p2ZO4k.js", "/dashboard/assets/harvest-sAtZ7qk8.js", "/dashboard/assets/harvest_import-DJazTWE4.js", "/dashboard/assets/health-CfwHQZwY.js", "/dashboard/assets/house_tabs-DMr1kWiu.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-MKRM6bzT.js", "/dashboard/assets/index-1HLCiF_h.js", "/dashboard/assets/layout_map-CecSo-l2.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-D6xX7sBW.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-Ba6HXom1.js", "/dashboard/assets/note_list-FJiYVvjV.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BRw4gkWi.js", "/dashboard/assets/notes_panel-Cakz8Gad.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-CLY733q4.js", "/dashboard/assets/person_form-DNf2Ngjx.js", "/dashboard/assets/person_record-D8GLAOdm.js", "/dashboard/assets/points_prescription-BTe4dIFu.js", "/dashboard/assets/push-QLh8QmpD.js", "/dashboard/assets/recall-CImNU1cu.js", "/dashboard/assets/records-B1eCOvMm.js", "/dashboard/assets/records-C8LuUfxa.js", "/dashboard/assets/records-DSZwCw_D.js", "/dashboard/assets/report_links-C8NkMEWF.js", "/dashboard/assets/set_active-BHHwwopX.js", "/dashboard/assets/settings--H17WG7D.js", "/dashboard/assets/settings-LDKREok1.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-Cqcq_a8T.js", "/dashboard/assets/style-BSkv7z8b.css", "/dashboard/assets/subject_notes-CQptLm0O.js", "/dashboard/assets/table_import-XkmS7wQX.js", "/dashboard/assets/tabs-D1C1qss4.js", "/dashboard/assets/tapped_place-CkRalwcm.js", "/dashboard/assets/treatments_panel-B_fShX1H.js", "/dashboard/assets/treatments_panel-Ciz_RZk7.js", "/dashboard/assets/trial_form-CYTAo9Qy.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-iVJvWOUf.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CSQK9Av8.js", "/dashboard/assets/wind_mark-BehM2iNq.js", "/dashboard/assets/yield_panel-BEIwWmlb.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-Dys3sH9O.js", "/dashboard/assets/zone_colours-K8NDLnZQ.js", "/dashboard/assets/zone_key-DYphGxPZ.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
