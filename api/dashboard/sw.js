// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "15c77695b1bb";
const FILES = ["/dashboard/assets/accounts-BfjcapnH.js", "/dashboard/assets/against_applied-xYgBxMYD.js", "/dashboard/assets/alarm_text-BlQ7yn4B.js", "/dashboard/assets/alarms-CMWpSJnx.js", "/dashboard/assets/alarms-TxfeTOcU.js", "/dashboard/assets/base-CzhsrklA.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-M2oUW0ye.js", "/dashboard/assets/chart_panel-Bv3WloJZ.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-CX0VwX1Y.js", "/dashboard/assets/chosen_note-0TkhtWRA.js", "/dashboard/assets/connect-Bzh7SB_7.js", "/dashboard/assets/cooperative-BuLbP0Cs.js", "/dashboard/assets/cooperative-WR3oUiFs.js", "/dashboard/assets/coordinates_text-B5-MTan_.js", "/dashboard/assets/date_range-BaOzCvot.js", "/dashboard/assets/delete_record-BiVqSP38.js", "/dashboard/assets/deliveries-XbLG7DRO.js", "/dashboard/assets/device_card-DvILo3rn.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-BQ_AB33N.js", "/dashboard/assets/doubt_cards-No-nsufZ.js", "/dashboard/assets/draw_map-Dy3V_QLL.js", "/dashboard/assets/draw_tool-CQFockTG.js", "/dashboard/assets/drawn_prescription-CmaU3DDv.js", "/dashboard/assets/drawn_zones_model-DgRS6ueS.js", "/dashboard/assets/drop_file-CneU0Tar.js", "/dashboard/assets/duty-5adpPYQY.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/empty-B0uQ-_AR.js", "/dashboard/assets/energy-CuxR3Q7I.js", "/dashboard/assets/energy_panel-CHs5Ny1E.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-BplbZp4p.js", "/dashboard/assets/farm-6QpVnQ34.js", "/dashboard/assets/farm-CsOKn2uB.js", "/dashboard/assets/farm_map-Dy8Lq9vk.js", "/dashboard/assets/field-Cc3eC1iB.js", "/dashboard/assets/field-Q8eyVOu1.css", "/dashboard/assets/field-RffVKzP0.js", "/dashboard/assets/field_map-BWB-TBe1.js", "/dashboard/assets/field_pass-CCxLB826.js", "/dashboard/assets/field_planning-DI8UyAFL.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_weather-Dj3vZUep.js", "/dashboard/assets/field_work-CbLwbScH.js", "/dashboard/assets/fields-CMTU1qXf.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-D72SOHAD.js", "/dashboard/assets/file_button-_kBL7B4r.js", "/dashboard/assets/files-L1xJXM1f.js", "/dashboard/assets/finding_text-CuyPSmQy.js", "/dashboard/assets/first-2_7kws4_.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/forecast_basis-CYxXUflM.js", "/dashboard/assets/forecast_providers-B37btdam.js", "/dashboard/assets/forecast_source-DJ6LJyZo.js", "/dashboard/assets/form-Bn91E_L-.js", "/dashboard/assets/gateway_rules-C0MbbXfV.js", "/dashboard/assets/greenhouse-5nF_M5Sg.js", "/dashboard/assets/greenhouse-CthHK50T.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/grid_map-1jDNwuRX.js", "/dashboard/assets/harvest-CmdJIJAJ.js", "/dashboard/assets/harvest_import-Bbh3aav5.js", "/dashboard/assets/health-4eEdGTq9.js", "/dashboard/assets/health-DT1hw88e.js", "/dashboard/assets/house_answers-C6mj1aIo.js", "/dashboard/assets/house_tabs-CAqZHtuE.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-BqeMyR8q.js", "/dashboard/assets/index-v5OcX0I9.js", "/dashboard/assets/interval_mark-23M2a5dy.js", "/dashboard/assets/kept_records-zJD8mhMq.js", "/dashboard/assets/layout_map-Dbg4OJHK.js", "/dashboard/assets/map-DuDkx2OK.js", "/dashboard/assets/map-vGQmxOwv.css", "/dashboard/assets/map_view-h5SSFRKR.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/message_fields-vJ-w4w2g.js", "/dashboard/assets/money-Csw7MhlY.js", "/dashboard/assets/next_hours-BbodoNO-.js", "/dashboard/assets/note_form-DlWXhPuJ.js", "/dashboard/assets/note_list-Djs40_-R.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-eWkkQGr7.js", "/dashboard/assets/notes_panel-CRIciUCg.js", "/dashboard/assets/number_choice-BLp0bZFz.js", "/dashboard/assets/one_rate_prescription-CHkUMf8d.js", "/dashboard/assets/outline_model-BtZH7WJ1.js", "/dashboard/assets/own-C6C64H9F.js", "/dashboard/assets/own-CI5VFgp1.js", "/dashboard/assets/owner_field-C_scFw5x.js", "/dashboard/assets/people-BpnLh0J-.js", "/dashboard/assets/people_list-Ck1DzdZ6.js", "/dashboard/assets/people_list-nhj2H1pz.js", "/dashboard/assets/person_data-NO0B8XjO.js", "/dashboard/assets/person_data-rGFyO3hq.js", "/dashboard/assets/person_form-9FYqsRKQ.js", "/dashboard/assets/person_form-By5DM-uh.js", "/dashboard/assets/person_page-DZi54HkW.js", "/dashboard/assets/places-CrTSLeVE.js", "/dashboard/assets/places-Htu6nrdK.js", "/dashboard/assets/points_prescription-DM_2ZkRB.js", "/dashboard/assets/prescription_fields-CR1xBXMk.js", "/dashboard/assets/progress-hECuZLux.js", "/dashboard/assets/push-bxU8n3qi.js", "/dashboard/assets/quantity_search-Cv0dX5Q_.js", "/dashboard/assets/recall-ubMQ9SHp.js", "/dashboard/assets/records-B2kXu_tR.js", "/dashboard/assets/records-D7KqJWn2.js", "/dashboard/assets/records-Da-DIvhc.js", "/dashboard/assets/report_links-CzUzJU8D.js", "/dashboard/assets/row_rest-CGDKz2Hn.js", "/dashboard/assets/season_period-C1f4_nlL.js", "/dashboard/assets/set_active-D3qTyOSQ.js", "/dashboard/assets/settings-CCzfBC5j.js", "/dashboard/assets/settings-CEEa7gsA.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/site_link-1vIel_5u.js", "/dashboard/assets/stability-BTweWMsH.js", "/dashboard/assets/statement_card-tWYcjmZC.js", "/dashboard/assets/style-DMllnTSt.css", "/dashboard/assets/subject_notes-Y0G8zntF.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table-CGuUyYfY.js", "/dashboard/assets/table_import-Bvh3vdZB.js", "/dashboard/assets/tapped_place-C_AkUoEN.js", "/dashboard/assets/tonight_text-DKysMA2V.js", "/dashboard/assets/treatments_panel-C2opmwAA.js", "/dashboard/assets/treatments_panel-DcZmsPIw.js", "/dashboard/assets/trial_form-BsQgG1fb.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/trials_panel-orpSUmml.js", "/dashboard/assets/value_tile-BM9AWeps.js", "/dashboard/assets/water_panel-C0IyC-Uk.js", "/dashboard/assets/weather-qIscYFtX.js", "/dashboard/assets/weather_panel-Droai6yg.js", "/dashboard/assets/whose-ym0VkwoC.js", "/dashboard/assets/wind_mark-DbPifVMq.js", "/dashboard/assets/yield_panel-CRGtFXqT.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-CezOHp-f.js", "/dashboard/assets/zone_colours-CUKYZ_4c.js", "/dashboard/assets/zone_key-CyHgRvcF.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
