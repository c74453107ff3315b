// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "3483755a68ec";
const FILES = ["/dashboard/assets/accounts-D-jj8vu-.js", "/dashboard/assets/against_applied-DEyNluHQ.js", "/dashboard/assets/alarm_text-BQNFgUES.js", "/dashboard/assets/alarms-BPK2Hkop.js", "/dashboard/assets/alarms-DoILWMT3.js", "/dashboard/assets/base-Bvwad5Q2.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-uxg6Pxgg.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-hjKx7ChT.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-bH8B6BlE.js", "/dashboard/assets/chosen_note-DMnWpLmy.js", "/dashboard/assets/connect-BSRZJxgv.js", "/dashboard/assets/cooperative-B9XJBZAN.js", "/dashboard/assets/cooperative-CCInlcsE.js", "/dashboard/assets/coordinates_text-BkB_gTkk.js", "/dashboard/assets/date_range-BrRhOGkw.js", "/dashboard/assets/delete_record-7woYKdkt.js", "/dashboard/assets/deliveries-CHf_xz51.js", "/dashboard/assets/device_card-C08KLHJz.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-6fs25vgs.js", "/dashboard/assets/doubt_cards-DGGPuow8.js", "/dashboard/assets/draw_map-BoTl8iWK.js", "/dashboard/assets/draw_tool-DPrfpvqF.js", "/dashboard/assets/drawn_prescription-BW1hDnKa.js", "/dashboard/assets/drawn_zones_model-aMMcsLKw.js", "/dashboard/assets/drop_file-Cv2vatdo.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-VfTPH3al.js", "/dashboard/assets/empty-5M4kuQjv.js", "/dashboard/assets/energy-DAI-VFHI.js", "/dashboard/assets/energy_panel-BtdP3OWv.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-oDuaHVln.js", "/dashboard/assets/farm-DmvnJCMf.js", "/dashboard/assets/farm-n0LKX9iu.js", "/dashboard/assets/farm_map-BUFB8hHV.js", "/dashboard/assets/field-DCuhl1Mm.js", "/dashboard/assets/field-DTHpK27V.js", "/dashboard/assets/field-Q8eyVOu1.css", "/dashboard/assets/field_map-Dkef1v2H.js", "/dashboard/assets/field_pass-DGKmawM3.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_planning-DsjHPPVa.js", "/dashboard/assets/field_weather-C8Z4REaB.js", "/dashboard/assets/field_work-CrAm4v0O.js", "/dashboard/assets/fields-CW-LnHoB.js", "/dashboard/assets/file_button-8AGD8aun.js", "/dashboard/assets/file_button-A-3C0iwu.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/files-D3UGEdS9.js", "/dashboard/assets/finding_text-B26it2qr.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-C55dPs4L.js", "/dashboard/assets/forecast_basis-uKUi_qEn.js", "/dashboard/assets/forecast_providers-flWhHRc2.js", "/dashboard/assets/forecast_source-DhMoJB0S.js", "/dashboard/assets/form-Cq2hggwX.js", "/dashboard/assets/gateway_rules-S_bD0I-W.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/greenhouse-DbzPSr9N.js", "/dashboard/assets/greenhouse-Df95Qqzh.js", "/dashboard/assets/grid_map-CyzghNIn.js", "/dashboard/assets/harvest-D4GKWih3.js", "/dashboard/assets/harvest_import-xglWZTIG.js", "/dashboard/assets/health-CsB6usFN.js", "/dashboard/assets/health-ZEk21Fol.js", "/dashboard/assets/house_answers-l0c1PMe2.js", "/dashboard/assets/house_tabs-D-YqdIwm.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-BxCum6jb.js", "/dashboard/assets/index-Cr7OGIx7.js", "/dashboard/assets/interval_mark-CIIm0p3S.js", "/dashboard/assets/kept_records-W6TQYdJG.js", "/dashboard/assets/layout_map-DkSpMIQy.js", "/dashboard/assets/map-Ce3sPYgu.js", "/dashboard/assets/map-Cmvw1pGT.css", "/dashboard/assets/map_sources-B6iJ-_Zj.js", "/dashboard/assets/map_sources-Bln1-sZ-.js", "/dashboard/assets/map_view-B0hpMlOw.js", "/dashboard/assets/maplibre-gl-BjpWuEdZ.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/message_fields-Ch7d-exV.js", "/dashboard/assets/money-u9CFKAjz.js", "/dashboard/assets/next_hours-g1Xp189Z.js", "/dashboard/assets/note_form-C3NeCLIH.js", "/dashboard/assets/note_list-CzZWWsTy.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-B5L4nrex.js", "/dashboard/assets/notes_panel-C0YZAh_h.js", "/dashboard/assets/number_choice-B6e7Bw7K.js", "/dashboard/assets/one_rate_prescription-TD7I7zG4.js", "/dashboard/assets/outline_model-DKVm2Vmh.js", "/dashboard/assets/own-D3dOkpYt.js", "/dashboard/assets/own-DXZlthgw.js", "/dashboard/assets/owner_field-C76bevyE.js", "/dashboard/assets/people-_CeG9_9T.js", "/dashboard/assets/people_list-C7yVQ3B2.js", "/dashboard/assets/people_list-Df4LRMRS.js", "/dashboard/assets/person_data-Brq2ZSif.js", "/dashboard/assets/person_data-DOxNlJRM.js", "/dashboard/assets/person_form-BYcZObSv.js", "/dashboard/assets/person_form-DLn4Q2CL.js", "/dashboard/assets/person_page-BdjckKWx.js", "/dashboard/assets/places-BqXExpzK.js", "/dashboard/assets/places-bmLYF2Gf.js", "/dashboard/assets/points_prescription-Ch_U9PTM.js", "/dashboard/assets/prescription_fields-CNYKci0J.js", "/dashboard/assets/progress-ZxiQ0XC0.js", "/dashboard/assets/push-BQLA-d38.js", "/dashboard/assets/quantity_search-DPQGbbL-.js", "/dashboard/assets/recall-DvglO4D6.js", "/dashboard/assets/records-B-uZzqhN.js", "/dashboard/assets/records-DIoJdZko.js", "/dashboard/assets/records-robcur9n.js", "/dashboard/assets/report_links-CMm3HRmq.js", "/dashboard/assets/row_rest-BYMUNdJM.js", "/dashboard/assets/season_period-DLhPgwMS.js", "/dashboard/assets/set_active-HoPEYsbO.js", "/dashboard/assets/settings-B6n1FAgI.js", "/dashboard/assets/settings-Cjc51XLP.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-D_mJ_MLW.js", "/dashboard/assets/stability-g9whDri0.js", "/dashboard/assets/statement_card-B5U-1hFt.js", "/dashboard/assets/style-D8cCjQN0.css", "/dashboard/assets/subject_notes-D8iJdgCm.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table-CafuZ6PJ.js", "/dashboard/assets/table_import-B3ClCFBo.js", "/dashboard/assets/tapped_place-CUnwmRbS.js", "/dashboard/assets/tonight_text-D8JFfTB3.js", "/dashboard/assets/treatments_panel-BiauHX9P.js", "/dashboard/assets/treatments_panel-DgYPwI-b.js", "/dashboard/assets/trial_form-CwSm-KX8.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-DXc3FW7B.js", "/dashboard/assets/value_tile-Ckbm42V_.js", "/dashboard/assets/water_panel-QybVlPZa.js", "/dashboard/assets/weather-BUGM54Wk.js", "/dashboard/assets/weather_panel-CFF9b2qW.js", "/dashboard/assets/whose-D3pFs7G_.js", "/dashboard/assets/wind_mark-QWk-7b-_.js", "/dashboard/assets/yield_panel-BoffCDyc.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-bZ-aCKKs.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-BmeRYcll.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
