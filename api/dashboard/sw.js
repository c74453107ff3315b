// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "0a3e59bc1c8a";
const FILES = ["/dashboard/assets/accounts-P68Pph7K.js", "/dashboard/assets/against_applied-CqIIRf6Y.js", "/dashboard/assets/alarm_text-BpiA6_PB.js", "/dashboard/assets/alarms-BYIAytx1.js", "/dashboard/assets/alarms-ek9KBoQV.js", "/dashboard/assets/base-BEy2qjzU.js", "/dashboard/assets/chart-BiozlK5m.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-B0gJ8avk.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-B_CcqZMM.js", "/dashboard/assets/chosen_note-B5JGOTQu.js", "/dashboard/assets/cooperative-2hMgEB3A.js", "/dashboard/assets/cooperative-CUF5bJaq.js", "/dashboard/assets/coordinates_text-D97P-jS2.js", "/dashboard/assets/date_range-Bpy-7Nim.js", "/dashboard/assets/delete_record-BmFD-zWE.js", "/dashboard/assets/deliveries-qpNTClSM.js", "/dashboard/assets/device_card-BRSfhPQ6.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-U0Id1Rfm.js", "/dashboard/assets/doubt_cards-X_sOvBgu.js", "/dashboard/assets/draw_map-CpRlbh3D.js", "/dashboard/assets/draw_tool-DxZF3vMy.js", "/dashboard/assets/drawn_prescription-_GenrYGL.js", "/dashboard/assets/drawn_zones_model-BTfhJWO_.js", "/dashboard/assets/drop_file-DAVMb7tj.js", "/dashboard/assets/duty-BDGBnSWM.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/empty-BhNCY4LR.js", "/dashboard/assets/energy-Yq2HuXzX.js", "/dashboard/assets/energy_panel-C3fpwVui.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-DyUacSYT.js", "/dashboard/assets/farm-BV-lshpd.js", "/dashboard/assets/farm-C-yZ-pdy.js", "/dashboard/assets/farm_map-WbCIjVz5.js", "/dashboard/assets/field-Bf9DeP6H.css", "/dashboard/assets/field-Dl4CGTUW.js", "/dashboard/assets/field-gNyoYOX_.js", "/dashboard/assets/field_map-BtGGDHjy.js", "/dashboard/assets/field_pass-B6P_e_dX.js", "/dashboard/assets/field_planning-CjoIfE0v.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_weather-Bs3gyDGG.js", "/dashboard/assets/field_work-DbH7u5Yz.js", "/dashboard/assets/fields-B-yAmjWV.js", "/dashboard/assets/file_button-4qQe0e9h.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-D5GuE95z.js", "/dashboard/assets/files-C_Ao4t7S.js", "/dashboard/assets/finding_text-C45pUN3Q.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-XauJoZuQ.js", "/dashboard/assets/forecast_basis-DJuBV_fv.js", "/dashboard/assets/forecast_providers-D_vrz1vm.js", "/dashboard/assets/forecast_source-CHaneWhF.js", "/dashboard/assets/form-BooIszHQ.js", "/dashboard/assets/gateway_rules-DPE8xy06.js", "/dashboard/assets/greenhouse-CKjh6R0S.js", "/dashboard/assets/greenhouse-D4OasM_G.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/grid_map-Bgmkw-Pz.js", "/dashboard/assets/harvest-BAkl_wMK.js", "/dashboard/assets/harvest_import-DVhR6l-f.js", "/dashboard/assets/health-Bj2QRuhC.js", "/dashboard/assets/health-CGNaAg1Q.js", "/dashboard/assets/house_answers-CLJ8MPdp.js", "/dashboard/assets/house_tabs-ZTlYwsnW.js", "/dashboard/assets/imports_panel-BHcvzU3X.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-4LOrR2OG.js", "/dashboard/assets/interval_mark-CJky3iOF.js", "/dashboard/assets/kept_records-NjsjczfE.js", "/dashboard/assets/layout_map-DN-km0L-.js", "/dashboard/assets/map-YvNFC9p6.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/map_view-CF2f8eZ5.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DNYp-7ji.js", "/dashboard/assets/next_hours-FyeJTqsK.js", "/dashboard/assets/note_form-OWT9Qnms.js", "/dashboard/assets/note_list-DpOAJGPU.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-CP_pnrne.js", "/dashboard/assets/notes_panel-QS2mLybQ.js", "/dashboard/assets/number_choice-CGGVlgQY.js", "/dashboard/assets/one_rate_prescription-BX0S-QwS.js", "/dashboard/assets/outline_model-D7fiJ3OQ.js", "/dashboard/assets/own-C2ZGvIM1.js", "/dashboard/assets/own-D0xcMQ9p.js", "/dashboard/assets/owner_field-BjOplfrs.js", "/dashboard/assets/people-CzWyS_Za.js", "/dashboard/assets/people_list-Bovf218N.js", "/dashboard/assets/people_list-TtjfrEMh.js", "/dashboard/assets/person_data-BJOKi2qM.js", "/dashboard/assets/person_data-BpOKB08T.js", "/dashboard/assets/person_form-BEb1-gL1.js", "/dashboard/assets/person_form-DmrRT-RF.js", "/dashboard/assets/person_page-C3XI6mjk.js", "/dashboard/assets/places-D-Zv5scP.js", "/dashboard/assets/places-X0ZofgqT.js", "/dashboard/assets/points_prescription-2Tkk7FSd.js", "/dashboard/assets/prescription_fields-CrcohgFa.js", "/dashboard/assets/progress-WM4pUoV4.js", "/dashboard/assets/push-DBswxNx7.js", "/dashboard/assets/quantity_search-BPRvS-vR.js", "/dashboard/assets/recall-Co84jtTT.js", "/dashboard/assets/records-BYaH8WKI.js", "/dashboard/assets/records-DTfnblpn.js", "/dashboard/assets/records-fayB1P6U.js", "/dashboard/assets/report_links-DD5LTJv4.js", "/dashboard/assets/row_rest-CotLCEf-.js", "/dashboard/assets/season_period-BlSrn0sK.js", "/dashboard/assets/set_active-VHQVWd7d.js", "/dashboard/assets/settings-BfflU_s8.js", "/dashboard/assets/settings-BiOTqF9j.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-D7cv1Eio.js", "/dashboard/assets/stability-CP0sRuG8.js", "/dashboard/assets/statement_card-HCeSckFe.js", "/dashboard/assets/style-HYJR-e9c.css", "/dashboard/assets/subject_notes-DBsdImWd.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table-DkwdFytr.js", "/dashboard/assets/table_import-DgIqE79s.js", "/dashboard/assets/tapped_place-CxJwpONo.js", "/dashboard/assets/tonight_text-BT7LfxFo.js", "/dashboard/assets/treatments_panel-1gx9itjb.js", "/dashboard/assets/treatments_panel-Bn_AxFFt.js", "/dashboard/assets/trial_form-yfkytAG8.js", "/dashboard/assets/trials_panel-BFwyNe4V.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-DlHnma-S.js", "/dashboard/assets/water_panel-5__07TWh.js", "/dashboard/assets/weather-DjZoZ3kJ.js", "/dashboard/assets/weather_panel-BW1I72lG.js", "/dashboard/assets/whose-BdCjgv4B.js", "/dashboard/assets/wind_mark-CGBboiQ-.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DXYAYVQL.js", "/dashboard/assets/yields-DDaHWAKU.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-CTRXv0b_.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
