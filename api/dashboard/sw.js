// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "1a9cd8fdfe05";
const FILES = ["/dashboard/assets/accounts-NVCIzANu.js", "/dashboard/assets/against_applied-D8Yf-qsJ.js", "/dashboard/assets/alarms-DnrZs-ut.js", "/dashboard/assets/band_text-CClYAIMY.js", "/dashboard/assets/base-BvXSzBRa.js", "/dashboard/assets/chart-CKhJ36lW.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-B6vDdw2A.js", "/dashboard/assets/chosen_note-C1_Ij4w1.js", "/dashboard/assets/cooperative-JtYT3NzO.js", "/dashboard/assets/cooperative-d5S4WPho.js", "/dashboard/assets/date_range-zAFpjbcS.js", "/dashboard/assets/deliveries-BjLx2aup.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-B8VVsRIP.js", "/dashboard/assets/drawn_prescription-DCnZ2Zhx.js", "/dashboard/assets/drawn_zones_model-BKjV2f88.js", "/dashboard/assets/drop_file-Cu3ejJKQ.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-Dou-mclA.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-C9hWI0Ib.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BO-8YPzp.js", "/dashboard/assets/field-DdKkdUlD.js", "/dashboard/assets/field_map-DlgTizqs.js", "/dashboard/assets/field_weather-BqdSF3Rm.js", "/dashboard/assets/field_work-BXFOymle.js", "/dashboard/assets/fields-B_dHOqLF.js", "/dashboard/assets/file_button-B5Nezidk.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-tIL5jrU4.js", "/dashboard/assets/files-CsVfx6pZ.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-xgOUuuDB.js", "/dashboard/assets/form-1A4impnP.js", "/dashboard/assets/gateway_rules-B0a02rdV.js", "/dashboard/assets/greenhouse-BGiOt_Lv.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-_jSE07Wr.js", "/dashboard/assets/grid_map-CnwzBmFR.js", "/dashboard/assets/harvest-eDoVpFsA.js", "/dashboard/assets/harvest_import-BwpUtVTf.js", "/dashboard/assets/health-DBtOaPL3.js", "/dashboard/assets/health-dBi-XRjI.js", "/dashboard/assets/house_tabs-w0LBdI8s.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CMm8RK7B.js", "/dashboard/assets/index-DSUOqRUF.js", "/dashboard/assets/interval_mark-BxKKUwrr.js", "/dashboard/assets/kept_records-Bq9kClBC.js", "/dashboard/assets/layout_map-DSoKdYcW.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-_CNIxhuZ.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-CVqrLQdD.js", "/dashboard/assets/note_form-BktRNYxE.js", "/dashboard/assets/note_list-JOLb9_Dm.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-QF9KPaKx.js", "/dashboard/assets/notes_panel-Dc8f3VL0.js", "/dashboard/assets/one_rate_prescription-BANC2EaK.js", "/dashboard/assets/outline_model-vRAQP74J.js", "/dashboard/assets/own-BrOPEgeB.js", "/dashboard/assets/own-oSEdCdP_.js", "/dashboard/assets/people-CxNtJntS.js", "/dashboard/assets/person_data-BeBtuCGX.js", "/dashboard/assets/person_data-D-DcSfsY.js", "/dashboard/assets/person_form-C56cNHrZ.js", "/dashboard/assets/person_form-ClvT6osa.js", "/dashboard/assets/person_record-CDe7wqed.js", "/dashboard/assets/points_prescription-pW1o3yh5.js", "/dashboard/assets/prescription_fields-ufZreWlw.js", "/dashboard/assets/push-D7DFTQod.js", "/dashboard/assets/recall-BwELP3FM.js", "/dashboard/assets/records-BT5ynIZ6.js", "/dashboard/assets/records-BljGqJnN.js", "/dashboard/assets/records-DTwEbJxI.js", "/dashboard/assets/report_links-C9VETB1X.js", "/dashboard/assets/season_period-BGpvhQHx.js", "/dashboard/assets/set_active-C5tdJ6sD.js", "/dashboard/assets/settings-BbZh8pyL.js", "/dashboard/assets/settings-Cuw3wk9g.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-TirrEj-L.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-CzVXkrze.js", "/dashboard/assets/table_import-BJ_56cYV.js", "/dashboard/assets/tabs-D7TAcw_R.js", "/dashboard/assets/tapped_place-BeGvTt6_.js", "/dashboard/assets/treatments_panel-DofBsTvt.js", "/dashboard/assets/treatments_panel-TMsn4oQr.js", "/dashboard/assets/trial_form-CF5yk3WM.js", "/dashboard/assets/trials_panel-C8yU_kKC.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-D-JWbz7w.js", "/dashboard/assets/wind_mark-DLvaHCGH.js", "/dashboard/assets/yield_panel-BGYzv7L7.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-C9lbxHQk.js", "/dashboard/assets/zone_colours-DcYMd6Ll.js", "/dashboard/assets/zone_key-B0U6Td32.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
