// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "06027ae37489";
const FILES = ["/dashboard/assets/accounts-BjhaSlRH.js", "/dashboard/assets/against_applied-DZLVuBry.js", "/dashboard/assets/alarms-BO0cR5Xv.js", "/dashboard/assets/band_text-B_p-3J0h.js", "/dashboard/assets/base-sVVAJcbO.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DdzQsbdS.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/chosen_note-C9EcNhCm.js", "/dashboard/assets/cooperative-BkFKVqJt.js", "/dashboard/assets/cooperative-DR94o0Fe.js", "/dashboard/assets/date_range-B0swG4f0.js", "/dashboard/assets/deliveries-B8NdslXF.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BjnTM0Uf.js", "/dashboard/assets/drawn_prescription-CS8zLuIk.js", "/dashboard/assets/drawn_zones_model-DXqQNPDY.js", "/dashboard/assets/drop_file-3XU4hD87.js", "/dashboard/assets/duty-B_f-iXhI.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-B5yxe9Y3.js", "/dashboard/assets/field-B-gsS8h4.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-VQf4yGPa.js", "/dashboard/assets/field_map-DFTesysm.js", "/dashboard/assets/field_weather-2IHkS0P_.js", "/dashboard/assets/field_work-bePSIB2y.js", "/dashboard/assets/fields-yJ8IeSC2.js", "/dashboard/assets/file_button-BYdBGOAZ.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-jX3UX135.js", "/dashboard/assets/files-CX9xfhr9.js", "/dashboard/assets/first-ClX6Pr2L.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-CSmRFO-2.js", "/dashboard/assets/greenhouse-COxJbRGD.js", "/dashboard/assets/greenhouse-D9U7fqQK.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-CKistNRI.js", "/dashboard/assets/harvest-D82y1MyI.js", "/dashboard/assets/harvest_import-CUnxA-Zg.js", "/dashboard/assets/health-DNqp40En.js", "/dashboard/assets/health-Dfxp_7OZ.js", "/dashboard/assets/house_tabs-D-Ceitsq.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CrVxHbUz.js", "/dashboard/assets/index-C_02L11p.js", "/dashboard/assets/interval_mark-QiSYq1AW.js", "/dashboard/assets/kept_records-CIOqe8jm.js", "/dashboard/assets/layout_map-zalrRarv.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-D8EawZuk.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-B-GbuVOx.js", "/dashboard/assets/note_form-CrifH2B6.js", "/dashboard/assets/note_list-C8ne_raM.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-Cx2Ctq3n.js", "/dashboard/assets/notes_panel-CyuoEGj_.js", "/dashboard/assets/one_rate_prescription-CuIHuLdU.js", "/dashboard/assets/outline_model-CCaM0xJY.js", "/dashboard/assets/own-47FKwJa2.js", "/dashboard/assets/own-DuShqFf9.js", "/dashboard/assets/people-hlLG72uF.js", "/dashboard/assets/person_data-BTj6Zqe0.js", "/dashboard/assets/person_data-CA23_CpY.js", "/dashboard/assets/person_form-5n5bgUXl.js", "/dashboard/assets/person_form-CBJGyiLL.js", "/dashboard/assets/person_record-DaPEBkEI.js", "/dashboard/assets/points_prescription-CyrGAYl8.js", "/dashboard/assets/prescription_fields-Z9rvzXrY.js", "/dashboard/assets/push-E9QjNoTc.js", "/dashboard/assets/recall-CIcCY61r.js", "/dashboard/assets/records-BwbgTP5Q.js", "/dashboard/assets/records-CrnS_59p.js", "/dashboard/assets/records-jAPo2-5V.js", "/dashboard/assets/report_links-BnztrjAw.js", "/dashboard/assets/season_period-B7njzM29.js", "/dashboard/assets/set_active-BCgPn8KG.js", "/dashboard/assets/settings-8LWZfo8x.js", "/dashboard/assets/settings-BXjiwmio.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-QVYcfhtQ.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-mi8w7TUu.js", "/dashboard/assets/table_import-CntiQUN4.js", "/dashboard/assets/tabs-iF-HT-PN.js", "/dashboard/assets/tapped_place-BOaK7z8b.js", "/dashboard/assets/treatments_panel-CdrknTi8.js", "/dashboard/assets/treatments_panel-NpDsZd3i.js", "/dashboard/assets/trial_form-BY--W97D.js", "/dashboard/assets/trials_panel-2nR1rLRL.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-00qmk-O_.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/wind_mark-DpECk4fr.js", "/dashboard/assets/yield_panel-B5LrjTFH.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DRuHTWOW.js", "/dashboard/assets/zone_colours-Bk2aLmgQ.js", "/dashboard/assets/zone_key-B6PjQ2MU.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
