// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "b22051192c7d";
const FILES = ["/dashboard/assets/accounts-LM4p2UvU.js", "/dashboard/assets/against_applied-Qt4tM2gt.js", "/dashboard/assets/alarms-CHFmPfIq.js", "/dashboard/assets/band_text-DRR_XIuE.js", "/dashboard/assets/base-COJhbLF-.js", "/dashboard/assets/chart-BKZpQsyy.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-CCA82dfP.js", "/dashboard/assets/cooperative-CGfGkFfj.js", "/dashboard/assets/date_range-CCUxwPpH.js", "/dashboard/assets/deliveries-DZ5s9MaX.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-Cy3twqe3.js", "/dashboard/assets/drop_file-BF3nClwR.js", "/dashboard/assets/duty-BplooMTN.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm-DDdsV6lw.js", "/dashboard/assets/farm_map-DCVIoAy_.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BLynACh9.js", "/dashboard/assets/field-CVh2Zchx.js", "/dashboard/assets/field_map-BQ0Aiq91.js", "/dashboard/assets/field_weather-E1OFvjEq.js", "/dashboard/assets/field_work-24SzgRFz.js", "/dashboard/assets/fields-DL3UntSK.js", "/dashboard/assets/file_button-BCy_TRdn.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CZ2s9YRh.js", "/dashboard/assets/files-JhFnCNc3.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-_aKVG0gd.js", "/dashboard/assets/form-DilD2Jyv.js", "/dashboard/assets/greenhouse-BsEYeXZa.js", "/dashboard/assets/greenhouse-D8BjplVf.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-C9_J-qVq.js", "/dashboard/assets/harvest-_mMIBbpD.js", "/dashboard/assets/harvest_import-WyIKzNna.js", "/dashboard/assets/health-TV3tu7w5.js", "/dashboard/assets/house_tabs-BBl2fXEh.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-C1bcCNNv.js", "/dashboard/assets/index-DPlEXTaM.js", "/dashboard/assets/layout_map-C3hbjcXb.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-B_qtUsnb.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-9KRfq9Qy.js", "/dashboard/assets/note_list-pmu1aG_t.js", "/dashboard/assets/notes-2asDA-gL.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes_panel-ibpOfq1F.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_record-CZPQGyNy.js", "/dashboard/assets/points_prescription-BomMGwv5.js", "/dashboard/assets/push-DKaO0Wkk.js", "/dashboard/assets/recall-2t17dVyk.js", "/dashboard/assets/records-C-Y86iR1.js", "/dashboard/assets/records-C2LLtlrO.js", "/dashboard/assets/records-CGOhM3Oo.js", "/dashboard/assets/report_links-B-T2hbaE.js", "/dashboard/assets/settings-C4X2rC6n.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-iIzm1gKU.js", "/dashboard/assets/stability-BsMeQfGQ.js", "/dashboard/assets/style-DZ9QBwBf.css", "/dashboard/assets/subject_notes-BGq48axW.js", "/dashboard/assets/table_import-CJdVQbLe.js", "/dashboard/assets/tabs-BmG-cDbq.js", "/dashboard/assets/tapped_place-4rmcFzPv.js", "/dashboard/assets/treatments_panel-BXvMvOgT.js", "/dashboard/assets/treatments_panel-C3QgEOsB.js", "/dashboard/assets/trial_form-Da1VjAu5.js", "/dashboard/assets/trials_panel-BSL9uW8s.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BW2LutL2.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/wind_mark-CZvUUcFA.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-Dyvzd-KA.js", "/dashboard/assets/yields-DIl2fnkF.js", "/dashboard/assets/zone_colours-DGRjm2Of.js", "/dashboard/assets/zone_key-CHLMK-F8.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
