// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "0e34e8b1fad4";
const FILES = ["/dashboard/assets/accounts-AbccV6oB.js", "/dashboard/assets/against_applied-D8LZu3l7.js", "/dashboard/assets/alarm_text-kNmeFR6x.js", "/dashboard/assets/alarms-CLvVcJiQ.js", "/dashboard/assets/alarms-DS9svyVa.js", "/dashboard/assets/base-CQDuQRXI.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-OzOiZXeJ.js", "/dashboard/assets/chart_panel-Br4vZ8pX.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-Np8WCVAk.js", "/dashboard/assets/chosen_note-7kiKAEAE.js", "/dashboard/assets/cooperative-B-PGRtQP.js", "/dashboard/assets/cooperative-r0tRsc_L.js", "/dashboard/assets/coordinates_text-DHpRIy0x.js", "/dashboard/assets/date_range-ufuzwYld.js", "/dashboard/assets/delete_record-B13mCTSZ.js", "/dashboard/assets/deliveries-Bm0JBPBn.js", "/dashboard/assets/device_card-CwkOAZkX.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-BFwxOM8c.js", "/dashboard/assets/doubt_cards-BnWHmbje.js", "/dashboard/assets/draw_map-3n-EIJb1.js", "/dashboard/assets/draw_tool-C91UPXDo.js", "/dashboard/assets/drawn_prescription-DGyhWaCv.js", "/dashboard/assets/drawn_zones_model-BAfKBKNS.js", "/dashboard/assets/drop_file-DeFlPe1y.js", "/dashboard/assets/duty-B8sn9AG6.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/empty-jneV523s.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-DBqgVAIC.js", "/dashboard/assets/farm-CcKi7H22.js", "/dashboard/assets/farm-ClKORPS7.js", "/dashboard/assets/farm_map-D0hzye6G.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-CV5MmNSi.js", "/dashboard/assets/field-Egueypi4.js", "/dashboard/assets/field_map-JrEuWa4H.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_planning-K2RiEeqg.js", "/dashboard/assets/field_weather-BVyFPbw6.js", "/dashboard/assets/field_work-DvCh5nDB.js", "/dashboard/assets/fields-YX9xDiul.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DFZ3c5yK.js", "/dashboard/assets/file_button-fmx4vyrU.js", "/dashboard/assets/files-Ejb7v99Z.js", "/dashboard/assets/finding_text-DwhXX6-E.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-Dy56iArh.js", "/dashboard/assets/forecast_basis-xnjU-fuN.js", "/dashboard/assets/forecast_providers-D2i3MtBI.js", "/dashboard/assets/forecast_source-BjOHUm7c.js", "/dashboard/assets/form-8-Qi0Z8p.js", "/dashboard/assets/gateway_rules-DEdaDwSK.js", "/dashboard/assets/greenhouse-6T4vbrfS.js", "/dashboard/assets/greenhouse-B78_R4w9.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/grid_map-DRmyzOzp.js", "/dashboard/assets/harvest-oa9gMlyH.js", "/dashboard/assets/harvest_import-h94RWlQZ.js", "/dashboard/assets/health-D6AvpZ5p.js", "/dashboard/assets/health-DZsmNgWw.js", "/dashboard/assets/house_answers-DP-Xdp1T.js", "/dashboard/assets/house_tabs-D2fIG7Qy.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-COVC91iq.js", "/dashboard/assets/index-4D7aYjjD.js", "/dashboard/assets/inputs-C0AZR4pG.js", "/dashboard/assets/interval_mark-DgKRHt1v.js", "/dashboard/assets/kept_records-HZ6-jI20.js", "/dashboard/assets/layout_map-B9yj-FTR.js", "/dashboard/assets/map-q9o1Qa64.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/map_view-Kt_WICAC.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/members-BKBqtVcS.js", "/dashboard/assets/money-CV8jilgg.js", "/dashboard/assets/next_hours-BbLAv48s.js", "/dashboard/assets/note_form-MYYWcIzn.js", "/dashboard/assets/note_list-CIZQ6IKC.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-CcYCiK2f.js", "/dashboard/assets/notes_panel-4LBqrNUT.js", "/dashboard/assets/number_choice-C9X65PKi.js", "/dashboard/assets/one_rate_prescription-kr33nrax.js", "/dashboard/assets/outline_model-hhUpJv69.js", "/dashboard/assets/own-BiOnYmgf.js", "/dashboard/assets/own-CI6PS1cJ.js", "/dashboard/assets/people-BkcDt70I.js", "/dashboard/assets/person_data-BdVhaKCY.js", "/dashboard/assets/person_data-Cbl7L2sI.js", "/dashboard/assets/person_form-Ce9iUJh5.js", "/dashboard/assets/person_form-xglip5l_.js", "/dashboard/assets/person_record-BavozP7O.js", "/dashboard/assets/places-DHcNAnDm.js", "/dashboard/assets/places-ka-Oh3ft.js", "/dashboard/assets/points_prescription-b0SCpkt1.js", "/dashboard/assets/prescription_fields-D4WmP7wW.js", "/dashboard/assets/progress-RiZh68Gn.js", "/dashboard/assets/push-CiqG_JOY.js", "/dashboard/assets/recall-IudBQHMB.js", "/dashboard/assets/recipients-BTFDIND2.js", "/dashboard/assets/records-DfXT-nNO.js", "/dashboard/assets/records-DfpdZ0fq.js", "/dashboard/assets/records-hWUBWk8a.js", "/dashboard/assets/report_links-CKqMkzMM.js", "/dashboard/assets/row_rest-zMY2FVTS.js", "/dashboard/assets/season_period-s5WXqCWu.js", "/dashboard/assets/set_active-Cm-sUmDI.js", "/dashboard/assets/settings-CvxfeFo0.js", "/dashboard/assets/settings-D09C1_WO.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-knSeC7T8.js", "/dashboard/assets/stability-BHZF6LSh.js", "/dashboard/assets/statement_card-DpZcvhhT.js", "/dashboard/assets/style-HYJR-e9c.css", "/dashboard/assets/subject_notes-CRV4RlGv.js", "/dashboard/assets/table-B2yZqzuo.js", "/dashboard/assets/table-DJ3TVqTz.css", "/dashboard/assets/table_import-DgMHMyEf.js", "/dashboard/assets/tapped_place-kCszy-b1.js", "/dashboard/assets/tonight_text-BeYefn0z.js", "/dashboard/assets/treatments_panel-_HRZkmrJ.js", "/dashboard/assets/treatments_panel-ihjd2OYp.js", "/dashboard/assets/trial_form-BX_L2X0x.js", "/dashboard/assets/trials_panel-CeOB222I.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-DJ8ICMEY.js", "/dashboard/assets/water_panel-DTqJ8pdi.js", "/dashboard/assets/weather-Di4gTokr.js", "/dashboard/assets/weather_panel-DnV5QTqs.js", "/dashboard/assets/wind_mark-QTlqdGh0.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-Y0_mpKHE.js", "/dashboard/assets/yields-BENoQq5C.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-BaHk8Cgl.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
