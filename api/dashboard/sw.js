// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "e13ba8535821";
const FILES = ["/dashboard/assets/accounts-By97hFYL.js", "/dashboard/assets/against_applied-D_SgsX7t.js", "/dashboard/assets/alarms-wAZNU2QP.js", "/dashboard/assets/base-C0jFYHhS.js", "/dashboard/assets/chart-BRXR9BhJ.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-E3vWeASs.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-Ca-KHuUz.js", "/dashboard/assets/chosen_note-zD_dpx8L.js", "/dashboard/assets/cooperative-C8PJAlT9.js", "/dashboard/assets/cooperative-D0WtL8HG.js", "/dashboard/assets/coordinates_text-BBlYHgRy.js", "/dashboard/assets/date_range-CuSnMzJ-.js", "/dashboard/assets/delete_record-Dc7rOVu3.js", "/dashboard/assets/deliveries-BdNQv8uU.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-CQcakcVJ.js", "/dashboard/assets/doubt_cards-CZ8jb-7Z.js", "/dashboard/assets/draw_tool-DEb7Yu3_.js", "/dashboard/assets/drawn_prescription-y6lRAAJN.js", "/dashboard/assets/drawn_zones_model-tdU51oy6.js", "/dashboard/assets/drop_file-D-nzGnV1.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DfXbvGJc.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-K-OEaFyw.js", "/dashboard/assets/farm_map-DPLGY0_3.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BcmJsNaJ.js", "/dashboard/assets/field-BdOUCR1H.js", "/dashboard/assets/field_map-BXxtbVm-.js", "/dashboard/assets/field_weather-BYroHqSR.js", "/dashboard/assets/field_work-ZPbBMIr9.js", "/dashboard/assets/fields-CblJt1z3.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-BwU4Uffg.js", "/dashboard/assets/file_button-DYnvv7Mq.js", "/dashboard/assets/files-vdDfVRIl.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-lvDXLXH4.js", "/dashboard/assets/forecast_basis-hVynRWeK.js", "/dashboard/assets/forecast_providers-CinkOtBR.js", "/dashboard/assets/forecast_source-CQH8F-rq.js", "/dashboard/assets/form-omJtB6uR.js", "/dashboard/assets/gateway_rules-DtYbdWoF.js", "/dashboard/assets/greenhouse-BSWP8HV0.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-i1pYAPEM.js", "/dashboard/assets/grid_map-Cg5lhzU3.js", "/dashboard/assets/harvest-BOTr7qiX.js", "/dashboard/assets/harvest_import-BM_3uWCc.js", "/dashboard/assets/health-DRZqO6YY.js", "/dashboard/assets/health-mvW5izR6.js", "/dashboard/assets/house_answers-BqCXZa5F.js", "/dashboard/assets/house_tabs-Cb4sM5tQ.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-vN1RTM3U.js", "/dashboard/assets/index-B4JODst4.js", "/dashboard/assets/interval_mark-DbxlXglH.js", "/dashboard/assets/kept_records-CZqIHO6M.js", "/dashboard/assets/layout_map-C5fCm3mA.js", "/dashboard/assets/map-DfzB4ZBi.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-Bp-ZjdC9.js", "/dashboard/assets/next_hours-Cu7Giy1V.js", "/dashboard/assets/note_form-D_XbHdsp.js", "/dashboard/assets/note_list-BRfHt5eW.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-TP-5ECCI.js", "/dashboard/assets/notes_panel-faakIPEB.js", "/dashboard/assets/number_choice-Dvjwn1u6.js", "/dashboard/assets/one_rate_prescription-ChK7RDw9.js", "/dashboard/assets/outline_model-CaTy3Dwg.js", "/dashboard/assets/own-D_IGDjBx.js", "/dashboard/assets/own-DuUCcsx1.js", "/dashboard/assets/people-BQGLbjCc.js", "/dashboard/assets/person_data-Bm-uSiPv.js", "/dashboard/assets/person_data-IS1TZwnU.js", "/dashboard/assets/person_form-B_YboEcX.js", "/dashboard/assets/person_form-vbsmsSho.js", "/dashboard/assets/person_record-CDskBLey.js", "/dashboard/assets/points_prescription-EWmdZlbn.js", "/dashboard/assets/prescription_fields-ClHCYaEj.js", "/dashboard/assets/push-DSRjaVmC.js", "/dashboard/assets/recall-Ba953Gak.js", "/dashboard/assets/records-B5A3OCQu.js", "/dashboard/assets/records-BYwY1NBX.js", "/dashboard/assets/records-z5ya4kgd.js", "/dashboard/assets/report_links-D0wuKE92.js", "/dashboard/assets/season_period-EDKWzwZB.js", "/dashboard/assets/set_active-COrbJbAp.js", "/dashboard/assets/settings-BdXtgaOI.js", "/dashboard/assets/settings-BneenwsK.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-CGm38J1v.js", "/dashboard/assets/stability-CFQ3D7Al.js", "/dashboard/assets/style-CjoeDvUX.css", "/dashboard/assets/subject_notes-CTzXds5s.js", "/dashboard/assets/table_import-nUhM1o-o.js", "/dashboard/assets/tabs-D7wUFgyp.js", "/dashboard/assets/tapped_place-BK-wDUYC.js", "/dashboard/assets/treatments_panel-B4xGGc9D.js", "/dashboard/assets/treatments_panel-BbZvYRmV.js", "/dashboard/assets/trial_form-C2HE7tFv.js", "/dashboard/assets/trials_panel-BmCF4xCK.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/water_panel-DGwleKBI.js", "/dashboard/assets/weather-BnL0hUMd.js", "/dashboard/assets/weather_panel-uSTugXRU.js", "/dashboard/assets/wind_mark-BNismOl1.js", "/dashboard/assets/yield_panel-C6Hf2CYB.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-DFmpH-Ir.js", "/dashboard/assets/zone_colours-DSwqmFX6.js", "/dashboard/assets/zone_key-xHy_LUai.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
