// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "7d8f4e6a7811";
const FILES = ["/dashboard/assets/accounts-DXwvBEeC.js", "/dashboard/assets/against_applied-DMRueETO.js", "/dashboard/assets/alarm_text-XXZi6c_W.js", "/dashboard/assets/alarms-Bk_nKe3f.js", "/dashboard/assets/alarms-uCDA53Ky.js", "/dashboard/assets/base-Bm4pqe6h.js", "/dashboard/assets/chart-CBWaN37D.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-BIc7s41w.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-nFjXbPDm.js", "/dashboard/assets/chosen_note-_GRFAtxY.js", "/dashboard/assets/cooperative-DNTYeKKK.js", "/dashboard/assets/cooperative-DgiX9pVm.js", "/dashboard/assets/coordinates_text-C1eSpI2F.js", "/dashboard/assets/date_range-D7qgbowi.js", "/dashboard/assets/delete_record-Dv970tEn.js", "/dashboard/assets/deliveries-D1nXqjtd.js", "/dashboard/assets/device_card-DEACPipv.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-Dm0N-muA.js", "/dashboard/assets/doubt_cards-DxA283xy.js", "/dashboard/assets/draw_map-DBOV53r1.js", "/dashboard/assets/draw_tool-ZJ_Qckk9.js", "/dashboard/assets/drawn_prescription-C0sZrBAQ.js", "/dashboard/assets/drawn_zones_model-RZb6ci5T.js", "/dashboard/assets/drop_file-B3Il4wkG.js", "/dashboard/assets/duty-BCsTSsZM.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/empty-BMyM-Giy.js", "/dashboard/assets/energy-C8swssyu.js", "/dashboard/assets/energy_panel-CThznvXn.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-Czz7FZ65.js", "/dashboard/assets/farm-Cg7CfHQ6.js", "/dashboard/assets/farm-D4rHrRlQ.js", "/dashboard/assets/farm_map-DNQrPmNK.js", "/dashboard/assets/field-7Gw1JKic.js", "/dashboard/assets/field-B_6ydo9F.js", "/dashboard/assets/field-Bf9DeP6H.css", "/dashboard/assets/field_map-B2dhcoYO.js", "/dashboard/assets/field_pass-fDShtmWZ.js", "/dashboard/assets/field_planning-BpLJwpSI.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_weather-Bp50IlkU.js", "/dashboard/assets/field_work-BPVL0RpV.js", "/dashboard/assets/fields-BORhBowm.js", "/dashboard/assets/file_button-BmMBDwHU.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-D93udg1L.js", "/dashboard/assets/files-Ctf9XWE8.js", "/dashboard/assets/finding_text-CJy4nmxe.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-CVHHrJ9a.js", "/dashboard/assets/forecast_basis-DLdxaTXS.js", "/dashboard/assets/forecast_providers-OX-1Rn7j.js", "/dashboard/assets/forecast_source-B2gjwYLF.js", "/dashboard/assets/form-D1Wt4ofC.js", "/dashboard/assets/gateway_rules-DwK51cdE.js", "/dashboard/assets/greenhouse-7C0Bwgfi.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/greenhouse-DX4dCnaZ.js", "/dashboard/assets/grid_map-CIW9DsHC.js", "/dashboard/assets/harvest-Ba1f3g6m.js", "/dashboard/assets/harvest_import-C3as1Is4.js", "/dashboard/assets/health-DZh-BYoY.js", "/dashboard/assets/health-Y8Kb0n6N.js", "/dashboard/assets/house_answers-CDhJaNQu.js", "/dashboard/assets/house_tabs-D9WtUsiu.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-DDAYsXkB.js", "/dashboard/assets/index-D4k1M1A0.js", "/dashboard/assets/interval_mark-CAvp7FhW.js", "/dashboard/assets/kept_records-Slu2nhax.js", "/dashboard/assets/layout_map-X2C01-um.js", "/dashboard/assets/map-B7nSRGw0.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/map_view-BZe8ND2f.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-BMbTPpFW.js", "/dashboard/assets/next_hours-CXrFMtKo.js", "/dashboard/assets/note_form-DsRc9b91.js", "/dashboard/assets/note_list-DWHIvKMp.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DdgV4bK2.js", "/dashboard/assets/notes_panel-BGPlMp9U.js", "/dashboard/assets/number_choice-CpoYHxQs.js", "/dashboard/assets/one_rate_prescription-C4T0EnSM.js", "/dashboard/assets/outline_model-D2TgD1kx.js", "/dashboard/assets/own-Bxv3bEcL.js", "/dashboard/assets/own-Y57OX8oq.js", "/dashboard/assets/owner_field-B3qU7bsh.js", "/dashboard/assets/people-D9nE0bay.js", "/dashboard/assets/people_list-C7ZCKLMQ.js", "/dashboard/assets/people_list-CMuxVCXI.js", "/dashboard/assets/person_data-DrURZA68.js", "/dashboard/assets/person_data-jP28WVvb.js", "/dashboard/assets/person_form-BJuTPW5D.js", "/dashboard/assets/person_form-CJccciiR.js", "/dashboard/assets/person_page-BmxNl984.js", "/dashboard/assets/places-DG-d3GTR.js", "/dashboard/assets/places-DlerQs5i.js", "/dashboard/assets/points_prescription-RzKpEEak.js", "/dashboard/assets/prescription_fields-L8EgguWb.js", "/dashboard/assets/progress-BTqmWw1h.js", "/dashboard/assets/push-BYmXiKEc.js", "/dashboard/assets/quantity_search-CErbGcdO.js", "/dashboard/assets/recall-DSY3G7tt.js", "/dashboard/assets/records-CqMkNZgY.js", "/dashboard/assets/records-D8Hdqlke.js", "/dashboard/assets/records-pdbWttNF.js", "/dashboard/assets/report_links-Cd5ojRNh.js", "/dashboard/assets/row_rest-DbhxH0Aa.js", "/dashboard/assets/season_period-FHVjpY5z.js", "/dashboard/assets/set_active-CE7c6fEg.js", "/dashboard/assets/settings-BFHrYvHG.js", "/dashboard/assets/settings-DTzDRIpZ.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-9-7oXKhC.js", "/dashboard/assets/stability-B8rdeO9Y.js", "/dashboard/assets/statement_card-BeZq2f4Q.js", "/dashboard/assets/style-DMllnTSt.css", "/dashboard/assets/subject_notes-CGagcdfQ.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table-BjP5lmEt.js", "/dashboard/assets/table_import-C7hhFz5O.js", "/dashboard/assets/tapped_place-DTHhwvTr.js", "/dashboard/assets/tonight_text-DjhQPqHM.js", "/dashboard/assets/treatments_panel-CPIGdx0n.js", "/dashboard/assets/treatments_panel-DJNQRNiz.js", "/dashboard/assets/trial_form-cciNxZAZ.js", "/dashboard/assets/trials_panel-B5Oyodfs.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-CdZ9atbz.js", "/dashboard/assets/water_panel-BvdiK4m-.js", "/dashboard/assets/weather-ul5IzqBw.js", "/dashboard/assets/weather_panel-BECpHZqx.js", "/dashboard/assets/whose-DIpiPpM9.js", "/dashboard/assets/wind_mark-CBXDJCJo.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-Qai4Erqc.js", "/dashboard/assets/yields-DLX89a3U.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-Bxshbs9C.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
