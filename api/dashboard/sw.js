// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "0088bb76373a";
const FILES = ["/dashboard/assets/accounts-oejiinAA.js", "/dashboard/assets/against_applied-aUm9sLl-.js", "/dashboard/assets/alarms-Clqayc5y.js", "/dashboard/assets/asked_button-O2QhOeZ4.js", "/dashboard/assets/band_text-B95i7sgq.js", "/dashboard/assets/base-B0Xm48Jf.js", "/dashboard/assets/chart-B2uTk6OB.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/chosen_note-DjY3Difh.js", "/dashboard/assets/cooperative-3FW-da-y.js", "/dashboard/assets/cooperative-B2CK8E4O.js", "/dashboard/assets/date_range-DV7FzOYg.js", "/dashboard/assets/deliveries-Yz7QC8zt.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-cgv2mWO5.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-Dqi-OB7w.js", "/dashboard/assets/duty-3BAdgT40.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-BPK-DEOu.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BofNHZMm.js", "/dashboard/assets/field-ZiIH_nKm.js", "/dashboard/assets/field_map-BJ9LQYth.js", "/dashboard/assets/field_weather-CHTvZPic.js", "/dashboard/assets/field_work-BKOiVwb0.js", "/dashboard/assets/fields-DfUze4xX.js", "/dashboard/assets/file_button-B5SZHWSF.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Dtv-R-Ge.js", "/dashboard/assets/files-CLbHXinq.js", "/dashboard/assets/first-5DnUajdW.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-i-C8t88T.js", "/dashboard/assets/greenhouse-C6JcmW2K.js", "/dashboard/assets/greenhouse-D6CVnt14.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-BtoVi9AE.js", "/dashboard/assets/harvest-DeqLNGKz.js", "/dashboard/assets/harvest_import-CIBTunxQ.js", "/dashboard/assets/health-BhgWz9ol.js", "/dashboard/assets/house_tabs-UA6njsD2.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CBKxUQDY.js", "/dashboard/assets/index-DJDOXpff.js", "/dashboard/assets/interval_mark-D7E_j8N5.js", "/dashboard/assets/layout_map-BH6x5kRQ.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-Bf5kBdah.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-pR4qtVbl.js", "/dashboard/assets/note_form-B1bK02NI.js", "/dashboard/assets/note_list-CdhtHKC6.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-CNZYzpVe.js", "/dashboard/assets/notes_panel-C1Sp5YPb.js", "/dashboard/assets/one_rate_prescription-Dzvalb78.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-BO1M6_xK.js", "/dashboard/assets/person_form-CISYF7tO.js", "/dashboard/assets/person_record-ClS71xFY.js", "/dashboard/assets/points_prescription-cv2QyF8q.js", "/dashboard/assets/prescription_fields-l6RuK9lR.js", "/dashboard/assets/push-XeiR6Out.js", "/dashboard/assets/recall-bthZy78n.js", "/dashboard/assets/records-BDMLQs-q.js", "/dashboard/assets/records-BinPHdyQ.js", "/dashboard/assets/records-CM7KION_.js", "/dashboard/assets/report_links-DD1mmO_d.js", "/dashboard/assets/set_active-BahgEsHa.js", "/dashboard/assets/settings-BBBA7IJk.js", "/dashboard/assets/settings-BSZxpphO.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-C68Sga7X.js", "/dashboard/assets/style-al9bOVF6.css", "/dashboard/assets/subject_notes-acKmDTP4.js", "/dashboard/assets/table_import-C3KjRQGK.js", "/dashboard/assets/tabs-Dg8_KXli.js", "/dashboard/assets/tapped_place-Ct6uKSk5.js", "/dashboard/assets/treatments_panel-CPmp_QoB.js", "/dashboard/assets/treatments_panel-O-6I-pbG.js", "/dashboard/assets/trial_form-34-X9BFM.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-kSKTkDDf.js", "/dashboard/assets/weather_panel-Bf8QNoK2.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/wind_mark-B9nRaUsw.js", "/dashboard/assets/yield_panel-COPyKWIQ.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-B_nc0Z6p.js", "/dashboard/assets/zone_colours-Dls05KN7.js", "/dashboard/assets/zone_key-xDrWbuAK.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
