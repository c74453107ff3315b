// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "7fe0320de65a";
const FILES = ["/dashboard/assets/accounts-D2CKgaZQ.js", "/dashboard/assets/against_applied-4KJNIGSE.js", "/dashboard/assets/alarm_text-e6d6nv48.js", "/dashboard/assets/alarms-CP-AJiOY.js", "/dashboard/assets/alarms-DQfHdl_F.js", "/dashboard/assets/base-DrdE5xC6.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-zfIOMp43.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-Dj4MgGxd.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-Ckdbj5rY.js", "/dashboard/assets/chosen_note-BO4F65uX.js", "/dashboard/assets/cooperative-C5Lh5GEN.js", "/dashboard/assets/cooperative-cpj-tRGp.js", "/dashboard/assets/coordinates_text-DRRHsERs.js", "/dashboard/assets/date_range-Ck24nWWG.js", "/dashboard/assets/delete_record-BuFoufUh.js", "/dashboard/assets/deliveries-CFDV8h9g.js", "/dashboard/assets/device_card-Dp5gmABj.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-KXM_UI7e.js", "/dashboard/assets/doubt_cards-gU9PFOOh.js", "/dashboard/assets/draw_tool-DT5b1Tac.js", "/dashboard/assets/drawn_prescription-CxyHRG6A.js", "/dashboard/assets/drawn_zones_model-BM6Jbcpf.js", "/dashboard/assets/drop_file-BQil4tY4.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-D7YPEsaW.js", "/dashboard/assets/empty-UjGVLocv.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-BJBh6T65.js", "/dashboard/assets/farm-BRL9PMpp.js", "/dashboard/assets/farm-UtPz5Sis.js", "/dashboard/assets/farm_map-D9ZL2MBC.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-By1P-EVd.js", "/dashboard/assets/field-D6f7aCOe.js", "/dashboard/assets/field_map-B8jyIfc8.js", "/dashboard/assets/field_weather-CzYfTrHF.js", "/dashboard/assets/field_work-VZKzEFSq.js", "/dashboard/assets/fields-BX6S6xtG.js", "/dashboard/assets/file_button-3pmLJCvR.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-D1kSayhb.js", "/dashboard/assets/files-QHgOoYRs.js", "/dashboard/assets/finding_text-_Q60gnc1.js", "/dashboard/assets/first-BX3WfoTp.js", "/dashboard/assets/first-DTZ-3S1X.css", "/dashboard/assets/forecast_basis-nv7YlwIH.js", "/dashboard/assets/forecast_providers-ZVoBMnG1.js", "/dashboard/assets/forecast_source-B1y4uPSw.js", "/dashboard/assets/form-D3fgT2CL.js", "/dashboard/assets/gateway_rules-Ci1KIpUc.js", "/dashboard/assets/greenhouse-BFpZGyRg.css", "/dashboard/assets/greenhouse-BJG6Ql31.js", "/dashboard/assets/greenhouse-DMGhw8E7.js", "/dashboard/assets/grid_map-BD0EeLy8.js", "/dashboard/assets/harvest-CyMlon8r.js", "/dashboard/assets/harvest_import-D8pq8jg_.js", "/dashboard/assets/health-CRuLDpxH.js", "/dashboard/assets/health-DtFIfxwW.js", "/dashboard/assets/house_answers-BYkFTgGk.js", "/dashboard/assets/house_tabs-YQxkklxd.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-bt-nkXqP.js", "/dashboard/assets/index-B5SQ7lzZ.js", "/dashboard/assets/interval_mark-BnaJplP5.js", "/dashboard/assets/kept_records-BPvpOnNc.js", "/dashboard/assets/layout_map-WHdYM3gm.js", "/dashboard/assets/map-C5uuTFvT.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/members-BjgGhPdM.js", "/dashboard/assets/money-D3NmHutT.js", "/dashboard/assets/next_hours-BJ6nvNu6.js", "/dashboard/assets/note_form-Gr9l9UWg.js", "/dashboard/assets/note_list-CYgsrtmM.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BTnV3Eis.js", "/dashboard/assets/notes_panel-p2tyZV4J.js", "/dashboard/assets/number_choice-BbaJUfTi.js", "/dashboard/assets/one_rate_prescription-D1ucAy4y.js", "/dashboard/assets/outline_model-WGBYYdPx.js", "/dashboard/assets/own-B-LVVRKY.js", "/dashboard/assets/own-BJAOkWtu.js", "/dashboard/assets/people-RbFFpkMz.js", "/dashboard/assets/person_data-CskvSPD4.js", "/dashboard/assets/person_data-D0hOjMIs.js", "/dashboard/assets/person_form--qcCUvet.js", "/dashboard/assets/person_form-BckigtdI.js", "/dashboard/assets/person_record-BxcEzV8B.js", "/dashboard/assets/places-CPfqHCqQ.js", "/dashboard/assets/places-D0lkkk9w.js", "/dashboard/assets/points_prescription-DJp7SEJC.js", "/dashboard/assets/prescription_fields-BChlXIT_.js", "/dashboard/assets/progress-BogEglmP.js", "/dashboard/assets/push-a9DLRQWh.js", "/dashboard/assets/recall-Bfiyazuh.js", "/dashboard/assets/recipients-qObY8uv9.js", "/dashboard/assets/records-CSgAnexi.js", "/dashboard/assets/records-DAeCm6AF.js", "/dashboard/assets/records-DWGAdKEw.js", "/dashboard/assets/report_links-BlICiHHJ.js", "/dashboard/assets/row_rest-i6F7oTV7.js", "/dashboard/assets/season_period-LrHgR7RB.js", "/dashboard/assets/set_active-B8ZLwT4R.js", "/dashboard/assets/settings-KHv34_SY.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-dzkknGJJ.js", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-CwLIkiKU.js", "/dashboard/assets/stability-Czh_p3BY.js", "/dashboard/assets/statement_card-4M95Dzrr.js", "/dashboard/assets/style-CQce2zVv.css", "/dashboard/assets/subject_notes-B_YP6mg7.js", "/dashboard/assets/table-DJ3TVqTz.css", "/dashboard/assets/table-cxQqGbwh.js", "/dashboard/assets/table_import-C_rA6HKh.js", "/dashboard/assets/tapped_place-D8kc210B.js", "/dashboard/assets/tonight_text-B4_V-3Dy.js", "/dashboard/assets/treatments_panel-B9rjqEJ4.js", "/dashboard/assets/treatments_panel-D1kBvXeT.js", "/dashboard/assets/trial_form-BpLit3UO.js", "/dashboard/assets/trials_panel-C45EkCBy.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-B2zFbeUX.js", "/dashboard/assets/water_panel-DStGLj7w.js", "/dashboard/assets/weather-CnhaB4Jh.js", "/dashboard/assets/weather_panel-DDm6-KRZ.js", "/dashboard/assets/wind_mark-DGystQbN.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DRx-ebpw.js", "/dashboard/assets/yields-CuP7MtOW.js", "/dashboard/assets/zone_colours-CpPFxbG0.js", "/dashboard/assets/zone_key-DHezQ_7C.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
