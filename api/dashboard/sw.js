// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "a7f6fb4faa19";
const FILES = ["/dashboard/assets/accounts-BT2l7nBE.js", "/dashboard/assets/against_applied-Dkxfy9Id.js", "/dashboard/assets/alarms-BrW-GCL0.js", "/dashboard/assets/asked_button-CSyRr4ZT.js", "/dashboard/assets/band_text-CKnkNPot.js", "/dashboard/assets/base-B3PTk8BN.js", "/dashboard/assets/chart-BkYpLUlU.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/cooperative-B97QRt3Y.js", "/dashboard/assets/cooperative-BNVwIsOv.js", "/dashboard/assets/date_range-BPq1GLeW.js", "/dashboard/assets/deliveries-D9OdICjt.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-CAa-7FcO.js", "/dashboard/assets/drop_file-ClwINhx8.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-LPEE6tO3.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-DWa9jWtp.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-CjGXgfAG.js", "/dashboard/assets/field-iuDQ82mI.js", "/dashboard/assets/field_map-C3ZLXnUk.js", "/dashboard/assets/field_weather-B8Je6gtR.js", "/dashboard/assets/field_work-DMzylwmf.js", "/dashboard/assets/fields-CYtXltH-.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CWaH40z-.js", "/dashboard/assets/file_button-Chza8iTQ.js", "/dashboard/assets/files-c-oZ0VHW.js", "/dashboard/assets/first-BaHtT7ks.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-BdltMbQQ.js", "/dashboard/assets/greenhouse-Cm8csRyi.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-DkYUaRBH.js", "/dashboard/assets/grid_map-D9OYK2Rt.js", "/dashboard/assets/harvest-CnEnSg1V.js", "/dashboard/assets/harvest_import-BNqtRZnW.js", "/dashboard/assets/health-DCDqthjx.js", "/dashboard/assets/house_tabs-CrTs2Fr5.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CDGz2UU9.js", "/dashboard/assets/index-D8CsEC_y.js", "/dashboard/assets/layout_map-vguR7IZW.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-wfVhxeOp.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DU3CXadJ.js", "/dashboard/assets/note_list-MgfD_WuR.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-ox4ORdTi.js", "/dashboard/assets/notes_panel-CcTsbrFi.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-CLirc_od.js", "/dashboard/assets/person_form-D6AEPIpg.js", "/dashboard/assets/person_record-CZNY1bu9.js", "/dashboard/assets/points_prescription-BmgQaCCZ.js", "/dashboard/assets/push-BxSy2RDa.js", "/dashboard/assets/recall-t6BszBaT.js", "/dashboard/assets/records-BJR2Mqur.js", "/dashboard/assets/records-CROZV-so.js", "/dashboard/assets/records-VkAdxeAX.js", "/dashboard/assets/report_links-BUc0SM1U.js", "/dashboard/assets/set_active-n7YOsOjG.js", "/dashboard/assets/settings-BTSxHkTt.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-d7658lln.js", "/dashboard/assets/stability-BaZclR8a.js", "/dashboard/assets/style-C5gFF8pS.css", "/dashboard/assets/subject_notes-CuHM0CYt.js", "/dashboard/assets/table_import-KliOE-yR.js", "/dashboard/assets/tabs-BleydLGL.js", "/dashboard/assets/tapped_place-MtDF3ULY.js", "/dashboard/assets/treatments_panel-CECBByAw.js", "/dashboard/assets/treatments_panel-COx1VkZy.js", "/dashboard/assets/trial_form-Bnd777I5.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-Di9Sj9L4.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-zQ3dwQT6.js", "/dashboard/assets/wind_mark-DrUYznZo.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-_4uUSNjE.js", "/dashboard/assets/yields-B8kaRRE7.js", "/dashboard/assets/zone_colours-DSb6igJm.js", "/dashboard/assets/zone_key-DMLxD3No.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
