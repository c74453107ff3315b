// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "1338eb992a31";
const FILES = ["/dashboard/assets/accounts-C4WgcViq.js", "/dashboard/assets/against_applied-C5Lg1CA4.js", "/dashboard/assets/alarm_text-Dnrifp3K.js", "/dashboard/assets/alarms-COFilmER.js", "/dashboard/assets/alarms-D9E8e7hG.js", "/dashboard/assets/base-VmNx6R0R.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-CscfBWO5.js", "/dashboard/assets/chart_panel-BneW2t9u.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-IFNCgC8C.js", "/dashboard/assets/chosen_note-DtbYH0PS.js", "/dashboard/assets/connect-DvxuSHE2.js", "/dashboard/assets/cooperative-5H1QTKTC.js", "/dashboard/assets/cooperative-Bnywz1BJ.js", "/dashboard/assets/coordinates_text-CmYA7jLr.js", "/dashboard/assets/date_range-C4E5LPMv.js", "/dashboard/assets/delete_record-CI2L87bX.js", "/dashboard/assets/deliveries-BK7gZaUK.js", "/dashboard/assets/device_card-BNd27kTT.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-DVb_VF_n.js", "/dashboard/assets/doubt_cards-k6-4w4Es.js", "/dashboard/assets/draw_map-Ct7pxfvB.js", "/dashboard/assets/draw_tool-DNreeOnf.js", "/dashboard/assets/drawn_prescription-dn6eLkRV.js", "/dashboard/assets/drawn_zones_model-BetyLq3f.js", "/dashboard/assets/drop_file-BtYL2W-S.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-Dw7Whlky.js", "/dashboard/assets/empty-CfvY-sIg.js", "/dashboard/assets/energy--Sx5tlC_.js", "/dashboard/assets/energy_panel-Bz0FV9gq.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-DwKQG6I8.js", "/dashboard/assets/farm-DM47n9xL.js", "/dashboard/assets/farm-Lzf9WN-o.js", "/dashboard/assets/farm_map-wrJaZ97y.js", "/dashboard/assets/field-DgRq65TA.js", "/dashboard/assets/field-NS-cmEyP.js", "/dashboard/assets/field-Q8eyVOu1.css", "/dashboard/assets/field_map-ThlBVvjS.js", "/dashboard/assets/field_pass-6G769GBI.js", "/dashboard/assets/field_planning-BYgbCVyH.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_weather-BQzdi1Ce.js", "/dashboard/assets/field_work-BcPiBiU6.js", "/dashboard/assets/fields-BkU-nbd_.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-p5oNaHY4.js", "/dashboard/assets/file_button-zXC58rFt.js", "/dashboard/assets/files-C6Pbxu4c.js", "/dashboard/assets/finding_text-BQ8SUATv.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-DXyNMliY.js", "/dashboard/assets/forecast_basis-Duf0O0DH.js", "/dashboard/assets/forecast_providers-DQlIs4cS.js", "/dashboard/assets/forecast_source-0OxDsq0z.js", "/dashboard/assets/form-BuGVW_TX.js", "/dashboard/assets/gateway_rules-56TYzDvv.js", "/dashboard/assets/greenhouse-BtxYHGRv.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/greenhouse-DRfRpSdh.js", "/dashboard/assets/grid_map-BIQ0DeBU.js", "/dashboard/assets/harvest-CwqhI8-G.js", "/dashboard/assets/harvest_import-Bm67eBlM.js", "/dashboard/assets/health-6ojbUpip.js", "/dashboard/assets/health-moqsPjT_.js", "/dashboard/assets/house_answers-Bi_Z7duq.js", "/dashboard/assets/house_tabs-fQSXq0qg.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DhKj8FZr.js", "/dashboard/assets/index-BaREFpEr.js", "/dashboard/assets/interval_mark-Cykh879M.js", "/dashboard/assets/kept_records-Cjm3kwCd.js", "/dashboard/assets/layout_map-AcmZWyhm.js", "/dashboard/assets/map-CCHhxY8v.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/map_view-CyE7cnH4.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-MTX1xuIE.js", "/dashboard/assets/next_hours-C6axHnnW.js", "/dashboard/assets/note_form-DI0XiQXY.js", "/dashboard/assets/note_list-ByDU68Kq.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BPv-I0ul.js", "/dashboard/assets/notes_panel-D6s33Nei.js", "/dashboard/assets/number_choice-BRsTxIoq.js", "/dashboard/assets/one_rate_prescription-RARgfWnh.js", "/dashboard/assets/outline_model-BgQMm95A.js", "/dashboard/assets/own-BvLJKaku.js", "/dashboard/assets/own-cCsjGp_D.js", "/dashboard/assets/owner_field-C0qiW2Cx.js", "/dashboard/assets/people-B5zA_sGy.js", "/dashboard/assets/people_list-Bts2RxHd.js", "/dashboard/assets/people_list-D-U65AZE.js", "/dashboard/assets/person_data-qJfyhHtZ.js", "/dashboard/assets/person_data-rCt5Mnsj.js", "/dashboard/assets/person_form-BBp-onaF.js", "/dashboard/assets/person_form-Bz_1aAKL.js", "/dashboard/assets/person_page-Dg5cCjkC.js", "/dashboard/assets/places-ClVsCLtB.js", "/dashboard/assets/places-L8kUsYqe.js", "/dashboard/assets/points_prescription-B3WwJk7C.js", "/dashboard/assets/prescription_fields-Bugli01l.js", "/dashboard/assets/progress-DVoD2cNc.js", "/dashboard/assets/push-D6ZjA5DL.js", "/dashboard/assets/quantity_search-Cs65DG79.js", "/dashboard/assets/recall-6ZE7Zjpd.js", "/dashboard/assets/records-DaUiQchh.js", "/dashboard/assets/records-MMI9k2IE.js", "/dashboard/assets/records-xWM6os0i.js", "/dashboard/assets/report_links-HXINrCVD.js", "/dashboard/assets/row_rest-jgZrDgna.js", "/dashboard/assets/season_period-DMb6xJVx.js", "/dashboard/assets/set_active-BhUyZP7q.js", "/dashboard/assets/settings-BGzjnKeK.js", "/dashboard/assets/settings-YDwM2hK4.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-Dr2uALos.js", "/dashboard/assets/stability-C-rbNI5v.js", "/dashboard/assets/statement_card-DoL72ICB.js", "/dashboard/assets/style-DMllnTSt.css", "/dashboard/assets/subject_notes-pxKj6vos.js", "/dashboard/assets/table-8uo8rXY_.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table_import-Bzmopfm5.js", "/dashboard/assets/tapped_place-Cs1hswno.js", "/dashboard/assets/tonight_text-CAfvkfpP.js", "/dashboard/assets/treatments_panel-BI8-UQGs.js", "/dashboard/assets/treatments_panel-DoEeMBP3.js", "/dashboard/assets/trial_form-CknkbOyN.js", "/dashboard/assets/trials_panel-CeM35qie.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-Blz5m8sD.js", "/dashboard/assets/water_panel-DME1de8g.js", "/dashboard/assets/weather-YEQXh1k3.js", "/dashboard/assets/weather_panel-DEE5wf5h.js", "/dashboard/assets/whose-BPzJcpxF.js", "/dashboard/assets/wind_mark-DdNoccqw.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-Ddav9jvy.js", "/dashboard/assets/yields-dKuXsr17.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-CdRfa-47.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
