// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "2065f110321e";
const FILES = ["/dashboard/assets/accounts-BEV4LGkr.js", "/dashboard/assets/against_applied-91tJswWD.js", "/dashboard/assets/alarms-BErOAc_Q.js", "/dashboard/assets/asked_button-BKxzzwpo.js", "/dashboard/assets/band_text-eO64jwVH.js", "/dashboard/assets/base-Cp6eNjw9.js", "/dashboard/assets/chart-Ck6X1Kiz.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-DnFkwLU-.js", "/dashboard/assets/cooperative-Wxi7SOFQ.js", "/dashboard/assets/date_range-RJ0ec1Su.js", "/dashboard/assets/deliveries-qwvppqXG.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-fWDF-B1Y.js", "/dashboard/assets/drop_file-CruX2k5C.js", "/dashboard/assets/duty-Bc7weFrD.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-D_WisDkA.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-DDHyTkfe.js", "/dashboard/assets/field-M5Zns3cJ.js", "/dashboard/assets/field_map-CW5bp3m3.js", "/dashboard/assets/field_weather-DrQ8V17W.js", "/dashboard/assets/field_work-Cz03CJeB.js", "/dashboard/assets/fields-3_61z9SR.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-D9ndUSjS.js", "/dashboard/assets/file_button-Dp38oJAR.js", "/dashboard/assets/files-Dcx0yrgN.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-DJakT5cz.js", "/dashboard/assets/form-anesUw22.js", "/dashboard/assets/greenhouse-BQqThIFO.js", "/dashboard/assets/greenhouse-DQqmztgg.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-C6mX7BDz.js", "/dashboard/assets/harvest-BHEHlzyD.js", "/dashboard/assets/harvest_import-CRXEhdKw.js", "/dashboard/assets/health-BV4DZ7i3.js", "/dashboard/assets/house_tabs-CrZ68YwF.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-KdWHHV2u.js", "/dashboard/assets/index-BSZhE-jP.js", "/dashboard/assets/layout_map-CSV_S0gV.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CPbLIS3J.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DfL6zYOY.js", "/dashboard/assets/note_list-DAjyIDYQ.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-Co_6N-M5.js", "/dashboard/assets/notes_panel-BUnszIti.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-C6T-xdLv.js", "/dashboard/assets/person_form-Cht9mxBW.js", "/dashboard/assets/person_record-IhMNFNw8.js", "/dashboard/assets/points_prescription-B-dZk57a.js", "/dashboard/assets/push-DLUDkSku.js", "/dashboard/assets/recall-D-mKOmYW.js", "/dashboard/assets/records-59jKv1id.js", "/dashboard/assets/records-BckxP3z_.js", "/dashboard/assets/records-C4SAcOnc.js", "/dashboard/assets/report_links-DfJeNcq6.js", "/dashboard/assets/set_active-C5yLUTW1.js", "/dashboard/assets/settings-BKFUX4NX.js", "/dashboard/assets/settings-DY7dVAMD.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-Cu2-coVT.js", "/dashboard/assets/style-D7SUIn56.css", "/dashboard/assets/subject_notes-MplkF3P6.js", "/dashboard/assets/table_import-DNQRCZmv.js", "/dashboard/assets/tabs-Cc5WwNk6.js", "/dashboard/assets/tapped_place-1fLi_jgt.js", "/dashboard/assets/treatments_panel-C-jSOzlM.js", "/dashboard/assets/treatments_panel-CDILRVEU.js", "/dashboard/assets/trial_form-CGJAQS-0.js", "/dashboard/assets/trials_panel-D-ZQoIDl.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BEac37PP.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/wind_mark-D8k6dRVb.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DQyRAcjs.js", "/dashboard/assets/yields-CKtrGfms.js", "/dashboard/assets/zone_colours-DoA5GA0R.js", "/dashboard/assets/zone_key-DnnsAt5j.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
