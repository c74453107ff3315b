// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "45ec2beb88e1";
const FILES = ["/dashboard/assets/accounts-CpUzjcPO.js", "/dashboard/assets/against_applied-Hmno19_x.js", "/dashboard/assets/alarm_text-CsgsVA4A.js", "/dashboard/assets/alarms-BlFccI9_.js", "/dashboard/assets/alarms-Bx38l5pD.js", "/dashboard/assets/base-CuqaJUM1.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-aKXvEP0Y.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/chart_panel-Dt8GzRZh.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-DzaCs2Yu.js", "/dashboard/assets/chosen_note-C5R3sD-H.js", "/dashboard/assets/connect-BsdFhnje.js", "/dashboard/assets/cooperative-Cu4r9_YK.js", "/dashboard/assets/cooperative-DpucwpF6.js", "/dashboard/assets/coordinates_text-BbwLnYVe.js", "/dashboard/assets/date_range-BdEFvYRn.js", "/dashboard/assets/delete_record-1fSDEQyl.js", "/dashboard/assets/deliveries-BTYd-9_1.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-COcwtoOu.js", "/dashboard/assets/doubt_cards-Cj62yJhS.js", "/dashboard/assets/draw_map-BEnORyFs.js", "/dashboard/assets/draw_tool-yET51S2u.js", "/dashboard/assets/drawn_prescription-CsiVwiT6.js", "/dashboard/assets/drawn_zones_model-CD3AXylj.js", "/dashboard/assets/drop_file-MnkxYb06.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-FlaHonn6.js", "/dashboard/assets/element_of-BHChktkt.js", "/dashboard/assets/empty-DKDu2djI.js", "/dashboard/assets/energy-SR6w8sSe.js", "/dashboard/assets/energy_panel-BMcZhgds.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-CLGZMqSL.js", "/dashboard/assets/farm-BWxsdTug.js", "/dashboard/assets/farm-DnDETkHW.js", "/dashboard/assets/farm_map-DBBQWRXh.js", "/dashboard/assets/field-BRBSTvss.js", "/dashboard/assets/field-BXJSmzy5.css", "/dashboard/assets/field-Cr8qrWsM.js", "/dashboard/assets/field_map-2gcpyTbo.js", "/dashboard/assets/field_pass-7u4KsXvz.js", "/dashboard/assets/field_planning-CabtWLgQ.js", "/dashboard/assets/field_planning-DSdP1szN.css", "/dashboard/assets/field_weather-DPcTCeTl.js", "/dashboard/assets/field_work-BFjViiCX.js", "/dashboard/assets/fields-B-1kzZEy.js", "/dashboard/assets/file_button-BosGVW0C.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CEkrzePC.js", "/dashboard/assets/files-BJnE_c4k.js", "/dashboard/assets/finding_text-HVqmX6NW.js", "/dashboard/assets/first-BXuI5IeP.css", "/dashboard/assets/first-D-e-edSw.js", "/dashboard/assets/forecast_basis-BvvmlYN2.js", "/dashboard/assets/forecast_providers-C6vIrXY9.js", "/dashboard/assets/forecast_source-D0oz5AeI.js", "/dashboard/assets/form-B-09g6xC.js", "/dashboard/assets/form_state-CBDjP6ey.js", "/dashboard/assets/gateway_rules-2J0Bh6g2.js", "/dashboard/assets/greenhouse-DMBLZHEv.css", "/dashboard/assets/greenhouse-Dxr-Cb6o.js", "/dashboard/assets/greenhouse-TMuQzfz5.js", "/dashboard/assets/grid_map-CUL8roL7.js", "/dashboard/assets/harvest-Ba1z2oJd.js", "/dashboard/assets/harvest_import-GNxd-77k.js", "/dashboard/assets/health-IEyUr_QI.js", "/dashboard/assets/health-_azsEr4X.js", "/dashboard/assets/house_answers-fvfgy98F.js", "/dashboard/assets/house_tabs-DOicHAWP.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CqMOLbQy.js", "/dashboard/assets/index-BlXU47qF.js", "/dashboard/assets/interval_mark-8bS9ed1q.js", "/dashboard/assets/kept_records-BmsAOdxS.js", "/dashboard/assets/kind_icon-DXfyB8tS.js", "/dashboard/assets/layout_map-BRnWFKQ9.js", "/dashboard/assets/legend-D4F7_A5Y.js", "/dashboard/assets/map-ClHbbMLY.js", "/dashboard/assets/map-Cmvw1pGT.css", "/dashboard/assets/map_sources-C8BdsV5v.js", "/dashboard/assets/map_sources-if6N3q38.js", "/dashboard/assets/map_view-DYp0b3NU.js", "/dashboard/assets/maplibre-gl-DKM-9fT8.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/message_fields-Cn7S3KAp.js", "/dashboard/assets/money-CQioVVVc.js", "/dashboard/assets/next_hours-loe-BX4Z.js", "/dashboard/assets/note_form-DTOnYW3T.js", "/dashboard/assets/note_list-LO6UZxv-.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DZ9S-Srr.js", "/dashboard/assets/notes_panel-3wwFpML0.js", "/dashboard/assets/number_choice-Cf-f7Q4A.js", "/dashboard/assets/one_rate_prescription-CWkTnWPY.js", "/dashboard/assets/outline_model-BbAvUfVR.js", "/dashboard/assets/own-Bfld37-g.js", "/dashboard/assets/own-Dhc1DwAK.js", "/dashboard/assets/owner_field-CWrhmgd2.js", "/dashboard/assets/people-B7BSt2_x.js", "/dashboard/assets/people_list-CTMvwetq.js", "/dashboard/assets/people_list-Cyu56Ecr.js", "/dashboard/assets/person_data-B5D1N26_.js", "/dashboard/assets/person_data-DHTw-ypP.js", "/dashboard/assets/person_form-Byd1hVn6.js", "/dashboard/assets/person_form-C4NhmeJf.js", "/dashboard/assets/person_page-E6Sof_xm.js", "/dashboard/assets/places-BmY0Id5t.js", "/dashboard/assets/places-DxeBZUZg.js", "/dashboard/assets/points_prescription-COmsK6tk.js", "/dashboard/assets/prescription_fields-BTBmq8TM.js", "/dashboard/assets/progress-FcoxHwMb.js", "/dashboard/assets/push-XYtX7cpu.js", "/dashboard/assets/quantity_search-Bv6nakLb.js", "/dashboard/assets/recall-VFI_P7AV.js", "/dashboard/assets/records-Be8uGC1o.js", "/dashboard/assets/records-Blvboh8s.js", "/dashboard/assets/records-CSCZ6OZh.js", "/dashboard/assets/report_links-neXuX9uJ.js", "/dashboard/assets/row_rest-Bbf8PQZW.js", "/dashboard/assets/season_period-BvhCo9nG.js", "/dashboard/assets/set_active-cjihA6IG.js", "/dashboard/assets/settings-B7w4heXh.js", "/dashboard/assets/settings-CfZjZeTR.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/shown_quantities-nanEPu3q.js", "/dashboard/assets/simulated-CJ4EA574.js", "/dashboard/assets/site_link-KWpAbpEW.js", "/dashboard/assets/stability-Smg-TdhY.js", "/dashboard/assets/statement_card-BxGXMNjp.js", "/dashboard/assets/style-D8cCjQN0.css", "/dashboard/assets/subject_notes-DPzSkRZB.js", "/dashboard/assets/table-B3Ir7F6X.css", "/dashboard/assets/table-CT5y2i6r.js", "/dashboard/assets/table_import-DrGi_lvd.js", "/dashboard/assets/tapped_place-CLhQnyKe.js", "/dashboard/assets/task-4kMMgn7i.js", "/dashboard/assets/tonight_text-CcpZE_dX.js", "/dashboard/assets/treatments_panel-C13kUCQA.js", "/dashboard/assets/treatments_panel-DZgQAC4x.js", "/dashboard/assets/trial_form-3hTUipfD.js", "/dashboard/assets/trials_panel-BG69bL1o.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/value_tile-43hqaiP9.js", "/dashboard/assets/water_panel-ClJiUl5B.js", "/dashboard/assets/weather-B7dcLvbo.js", "/dashboard/assets/weather_panel-DzVonV11.js", "/dashboard/assets/whose-Ck6CmXU3.js", "/dashboard/assets/wind_mark-4-cj2Jbm.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-Dzix8FQu.js", "/dashboard/assets/yields-OSXiRENN.js", "/dashboard/assets/zone_colours-6kLiaeyV.js", "/dashboard/assets/zone_key-CYmIyKr0.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
