// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "d04ced60bb79";
const FILES = ["/dashboard/assets/accounts-BejEiRkM.js", "/dashboard/assets/against_applied-C3zwdwoX.js", "/dashboard/assets/alarms-B0ATe4Sz.js", "/dashboard/assets/base-BypAsjcT.js", "/dashboard/assets/chart-CckRwCO0.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart_panel-B-KPF9zq.js", "/dashboard/assets/chart_panel-CSeFKIDS.css", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/choice-Bx-WvsDw.js", "/dashboard/assets/chosen_note-D9yJ2dPj.js", "/dashboard/assets/cooperative-BIMjhhlf.js", "/dashboard/assets/cooperative-CRIOKK13.js", "/dashboard/assets/date_range-CosJ6JTj.js", "/dashboard/assets/delete_record-B7TuAwBh.js", "/dashboard/assets/deliveries-BHAtoSXy.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/doubt_cards-C70ioLF2.js", "/dashboard/assets/doubt_cards-CYFjrS3g.js", "/dashboard/assets/draw_tool-DxWEFpSC.js", "/dashboard/assets/drawn_prescription-BuQOJ0-b.js", "/dashboard/assets/drawn_zones_model-hH7nNPzZ.js", "/dashboard/assets/drop_file-5YFW3Vnk.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-DwNEOoKH.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/facts-eSwkGw1w.js", "/dashboard/assets/farm_map-Cx9ZmmVL.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-Bdd6byjA.js", "/dashboard/assets/field-DnVc9gFf.js", "/dashboard/assets/field_map-CTNjaML3.js", "/dashboard/assets/field_weather-B9BIhkeQ.js", "/dashboard/assets/field_work-4e-_kwRb.js", "/dashboard/assets/fields-BP8skWMa.js", "/dashboard/assets/file_button-5BO4RVMa.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-CQCxUjs6.js", "/dashboard/assets/files-XNxNqNR0.js", "/dashboard/assets/first-BnulQSQp.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/forecast_basis-TImu7XZ6.js", "/dashboard/assets/forecast_providers-FZc1dBS_.js", "/dashboard/assets/forecast_source-BmuFE0dt.js", "/dashboard/assets/form-DqVqwcFA.js", "/dashboard/assets/gateway_rules-Dx3aWIW2.js", "/dashboard/assets/greenhouse-CCDPJwnw.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-Dk-_1aq-.js", "/dashboard/assets/grid_map-cvr-mzRc.js", "/dashboard/assets/harvest-zzypyS76.js", "/dashboard/assets/harvest_import-BDZUVs96.js", "/dashboard/assets/health-BGlY0d5n.js", "/dashboard/assets/health-rP19jqAe.js", "/dashboard/assets/house_answers-DbvhdRVU.js", "/dashboard/assets/house_tabs-DGfORRrU.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-CH3BoG0u.js", "/dashboard/assets/index-BFjXvYeC.js", "/dashboard/assets/interval_mark-BQ6gjJZr.js", "/dashboard/assets/kept_records-BrZkGxX-.js", "/dashboard/assets/layout_map-DusZWCHu.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-BrrcBJLt.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-DcROsgt2.js", "/dashboard/assets/next_hours-CICmneWI.js", "/dashboard/assets/note_form-Bkpxkwcu.js", "/dashboard/assets/note_list-p6GwwTsn.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-BLyCVvDr.js", "/dashboard/assets/notes_panel-EZ2okcbi.js", "/dashboard/assets/number_choice-B3VQ385x.js", "/dashboard/assets/one_rate_prescription-Db8rTgvu.js", "/dashboard/assets/outline_model-BA6FSqFK.js", "/dashboard/assets/own-CFYT2Ml8.js", "/dashboard/assets/own-CK65Ai-x.js", "/dashboard/assets/people-ClESb7l-.js", "/dashboard/assets/person_data-BfmkaFoa.js", "/dashboard/assets/person_data-BrJxgpxy.js", "/dashboard/assets/person_form-CA_JTJ3t.js", "/dashboard/assets/person_form-t7VTBdmA.js", "/dashboard/assets/person_record-algh_mk1.js", "/dashboard/assets/points_prescription-DsNFfUVS.js", "/dashboard/assets/prescription_fields-CkZHk3_q.js", "/dashboard/assets/push-DOMdWU6-.js", "/dashboard/assets/recall-BSn0H9gz.js", "/dashboard/assets/records-CDPWbhwO.js", "/dashboard/assets/records-CbPSX0LS.js", "/dashboard/assets/records-bmBIuhla.js", "/dashboard/assets/report_links-BGp4MBS2.js", "/dashboard/assets/season_period-74XV3o5R.js", "/dashboard/assets/set_active-DtqHpJ1J.js", "/dashboard/assets/settings-CD6JsX6K.js", "/dashboard/assets/settings-DTGsEidU.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/site_link-SiHVnbnu.js", "/dashboard/assets/stability-BiGaffpu.js", "/dashboard/assets/style-CSRhcd3m.css", "/dashboard/assets/subject_notes-CanBUnuk.js", "/dashboard/assets/table_import-CO-WyUiG.js", "/dashboard/assets/tabs-D5z3MVm0.js", "/dashboard/assets/tapped_place-CDRQn8mo.js", "/dashboard/assets/treatments_panel-DhjZhyGM.js", "/dashboard/assets/treatments_panel-DnsHZ1FW.js", "/dashboard/assets/trial_form-BMns5nsM.js", "/dashboard/assets/trials_panel-CiLWYFMv.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/water_panel-Dzz0YjHP.js", "/dashboard/assets/weather-Ch5AumUp.js", "/dashboard/assets/weather_panel-DfZTZlxG.js", "/dashboard/assets/wind_mark-tH8PEoof.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DgaAo4Zq.js", "/dashboard/assets/yields-BpPcpt9o.js", "/dashboard/assets/zone_colours-BsxyXt_T.js", "/dashboard/assets/zone_key-CYecSQLo.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
