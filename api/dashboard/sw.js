// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "495da1305fe6";
const FILES = ["/dashboard/assets/accounts-DmFKxN9p.js", "/dashboard/assets/against_applied-DdFI6iKH.js", "/dashboard/assets/alarms-4oZhDgFD.js", "/dashboard/assets/base-89VH6Z35.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-aSmY2hS7.js", "/dashboard/assets/chart_panel-BMAueoKu.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-CKaBJQik.js", "/dashboard/assets/chosen_note-bXO_2Gqw.js", "/dashboard/assets/cooperative-C9fP5uNW.js", "/dashboard/assets/cooperative-M8ua0nMl.js", "/dashboard/assets/date_range-Cp6t3lkX.js", "/dashboard/assets/delete_record-CGH-W2bR.js", "/dashboard/assets/deliveries-BqKKTNXq.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-6SAD7b9D.js", "/dashboard/assets/doubt_cards-BG1UaWxy.js", "/dashboard/assets/draw_tool-ftKqtVP3.js", "/dashboard/assets/drawn_prescription--B-UzMaT.js", "/dashboard/assets/drawn_zones_model-BDr9CKB1.js", "/dashboard/assets/drop_file-B8EYoB9W.js", "/dashboard/assets/duty-C3p-pzCG.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-z2TSqoti.js", "/dashboard/assets/farm_map-D8Hmqd-t.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-C67XbWHV.js", "/dashboard/assets/field-ixajB7KY.js", "/dashboard/assets/field_map-CtAcreCe.js", "/dashboard/assets/field_weather-Ckdq7dF2.js", "/dashboard/assets/field_work-Duwt6MR9.js", "/dashboard/assets/fields-B5dl7Obj.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DYQh3PUy.js", "/dashboard/assets/file_button-a2gOevpN.js", "/dashboard/assets/files-BDU6fDgw.js", "/dashboard/assets/first-CS_Heq6W.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-Bdt3sANl.js", "/dashboard/assets/forecast_providers-DZASvhRl.js", "/dashboard/assets/forecast_source-D_bw4SNe.js", "/dashboard/assets/form-nf6eDt4x.js", "/dashboard/assets/gateway_rules-D3tHXx1M.js", "/dashboard/assets/greenhouse-Clb7I3o_.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-raOqb1fx.js", "/dashboard/assets/grid_map-Baa2iO3S.js", "/dashboard/assets/harvest-CtFJ_KxW.js", "/dashboard/assets/harvest_import-D-jA3ryS.js", "/dashboard/assets/health-DJvqdVAs.js", "/dashboard/assets/health-PSwwD4WJ.js", "/dashboard/assets/house_answers-B3V97Tug.js", "/dashboard/assets/house_tabs-DVdHyN42.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-BfDgAmbK.js", "/dashboard/assets/index-C2MiV8RF.js", "/dashboard/assets/interval_mark-CXvNIVIS.js", "/dashboard/assets/kept_records-Cy0BXPch.js", "/dashboard/assets/layout_map-DXmJbLKD.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-C8B2DZGo.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DP3CmHtv.js", "/dashboard/assets/next_hours-CrwJF-o4.js", "/dashboard/assets/note_form-CpdnJMZW.js", "/dashboard/assets/note_list-CwCs_shh.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BHYli2wi.js", "/dashboard/assets/notes_panel-Cx3kDnUq.js", "/dashboard/assets/number_choice-DAcRKFpa.js", "/dashboard/assets/one_rate_prescription-CGMZXZUM.js", "/dashboard/assets/outline_model-c7rEg1Yn.js", "/dashboard/assets/own-DJ9BY3Z6.js", "/dashboard/assets/own-z0uBA3BW.js", "/dashboard/assets/people-PFDHF7zj.js", "/dashboard/assets/person_data-CyfMahTF.js", "/dashboard/assets/person_data-jNSS5vfY.js", "/dashboard/assets/person_form-4mNttm2n.js", "/dashboard/assets/person_form-Dm1XhdJo.js", "/dashboard/assets/person_record-Dc5RD9BG.js", "/dashboard/assets/points_prescription-BFuKAIBJ.js", "/dashboard/assets/prescription_fields-DbBwFOt3.js", "/dashboard/assets/push-JTw-PqI2.js", "/dashboard/assets/recall-jlZ2YClR.js", "/dashboard/assets/records-B0Vle5qY.js", "/dashboard/assets/records-CL3Dy155.js", "/dashboard/assets/records-D7_r493X.js", "/dashboard/assets/report_links-LkhT63M1.js", "/dashboard/assets/season_period-DIggbU6K.js", "/dashboard/assets/set_active-BBQHvl8O.js", "/dashboard/assets/settings-BpAd7Job.js", "/dashboard/assets/settings-DM-EHukP.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-BhjE11kq.js", "/dashboard/assets/stability-XTL4kg9m.js", "/dashboard/assets/style-CSRhcd3m.css", "/dashboard/assets/subject_notes-CvK7DkI7.js", "/dashboard/assets/table_import-Bs7Mb8zs.js", "/dashboard/assets/tabs-BMrWSNSx.js", "/dashboard/assets/tapped_place-CPooExGI.js", "/dashboard/assets/treatments_panel-CT8zDtWJ.js", "/dashboard/assets/treatments_panel-Dip9xlrX.js", "/dashboard/assets/trial_form-Dk6PtNeq.js", "/dashboard/assets/trials_panel-CYAqW4H0.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/water_panel-CQRSZ0K2.js", "/dashboard/assets/weather-_Ain-XyS.js", "/dashboard/assets/weather_panel-DH8wFfXK.js", "/dashboard/assets/wind_mark-BoGyzsO7.js", "/dashboard/assets/yield_panel-B6SwhqwN.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yields-D0198mez.js", "/dashboard/assets/zone_colours-vgm3EK5k.js", "/dashboard/assets/zone_key-Bccs436O.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
