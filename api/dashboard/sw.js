// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "4c13f5c47606";
const FILES = ["/dashboard/assets/accounts-KzXRpVet.js", "/dashboard/assets/against_applied-B-7ZziIl.js", "/dashboard/assets/alarms-CbvdONrL.js", "/dashboard/assets/band_text-DOIFcrzP.js", "/dashboard/assets/base-CyOklWm6.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-DKAEr-EQ.js", "/dashboard/assets/choice-B2nDFS82.js", "/dashboard/assets/chosen_note-chQg3bbP.js", "/dashboard/assets/cooperative-9EBBqU_X.js", "/dashboard/assets/cooperative-gJoBwhvt.js", "/dashboard/assets/date_range-CgS-B9OG.js", "/dashboard/assets/deliveries-lOD1ZPgj.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-BCOec7_w.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-Dxxm8k0b.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-_4WSio1G.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-BHBCDwYR.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BACxkrPD.js", "/dashboard/assets/field-kVhogj8s.js", "/dashboard/assets/field_map-Bw8czn3A.js", "/dashboard/assets/field_weather-C4kYpTo4.js", "/dashboard/assets/field_work-Bf4eYsw2.js", "/dashboard/assets/fields-Bf7hxaB8.js", "/dashboard/assets/file_button-B48KFJZZ.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-DzUEqFbH.js", "/dashboard/assets/files-CbH5TWeb.js", "/dashboard/assets/first-BhLQvuQc.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-D2V0ZYqY.js", "/dashboard/assets/greenhouse-BXZ5GvGw.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-OX53eHuJ.js", "/dashboard/assets/grid_map-CbhevO4F.js", "/dashboard/assets/harvest-BnNeHzoE.js", "/dashboard/assets/harvest_import-o-wynS4n.js", "/dashboard/assets/health-69KTkEKr.js", "/dashboard/assets/health-Btk91CFl.js", "/dashboard/assets/house_tabs-iN37OE-T.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-YYUccUxD.js", "/dashboard/assets/index-Bb4DZmGF.js", "/dashboard/assets/interval_mark-CzInQxvp.js", "/dashboard/assets/kept_records-CmiWjPsJ.js", "/dashboard/assets/layout_map-Cuk2l2HA.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-Dj1Quwte.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-Btsw74Gg.js", "/dashboard/assets/note_form-p255tWKo.js", "/dashboard/assets/note_list-Cf2u1Xgq.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DyeyEbVs.js", "/dashboard/assets/notes_panel-CSQO6MPV.js", "/dashboard/assets/one_rate_prescription-rwgPT0ks.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/own-BtPG_TIW.js", "/dashboard/assets/own-DQjny2m_.js", "/dashboard/assets/people-DDae20lb.js", "/dashboard/assets/person_data-Bpya9QwU.js", "/dashboard/assets/person_data-CbAORfW_.js", "/dashboard/assets/person_form-BZPGfqRw.js", "/dashboard/assets/person_form-Cg1iPcCq.js", "/dashboard/assets/person_record-C55mfWGu.js", "/dashboard/assets/points_prescription-B7GYF6AP.js", "/dashboard/assets/prescription_fields-CyaOrMpj.js", "/dashboard/assets/push-Q3dLQaGe.js", "/dashboard/assets/recall-BcclzaTf.js", "/dashboard/assets/records-CwfswFAS.js", "/dashboard/assets/records-D9LywYrZ.js", "/dashboard/assets/records-QLJLQngk.js", "/dashboard/assets/report_links-Au5n3jKL.js", "/dashboard/assets/season_period-CZCta7sk.js", "/dashboard/assets/set_active-BDS6VYVo.js", "/dashboard/assets/settings-C01zt9N3.js", "/dashboard/assets/settings-DINVoR86.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-DjYZ-SdR.js", "/dashboard/assets/style--P5ktQ2A.css", "/dashboard/assets/subject_notes-BiCKrRy6.js", "/dashboard/assets/table_import-CqBNwSlS.js", "/dashboard/assets/tabs-ODub3aDy.js", "/dashboard/assets/tapped_place-BC0W3z7k.js", "/dashboard/assets/treatments_panel-7hez0JKh.js", "/dashboard/assets/treatments_panel-Csu00D9y.js", "/dashboard/assets/trial_form-DOI5C-53.js", "/dashboard/assets/trials_panel-BNNUVtdY.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-CVcpsqTT.js", "/dashboard/assets/wind_mark-WJy4rQ-E.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DZ00t_iM.js", "/dashboard/assets/yields-IFhczDb4.js", "/dashboard/assets/zone_colours-DbUh_u9Z.js", "/dashboard/assets/zone_key-D-ifvbLE.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
