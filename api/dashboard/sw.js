// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "000967faec18";
const FILES = ["/dashboard/assets/accounts-BLR2OESu.js", "/dashboard/assets/against_applied-CCDKYpBJ.js", "/dashboard/assets/alarms-N19cZFou.js", "/dashboard/assets/asked_button-zXGLi9wQ.js", "/dashboard/assets/band_text-DokSLs2p.js", "/dashboard/assets/base-D7ivMklK.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-Cyc6uE3h.js", "/dashboard/assets/cooperative-BMKvzdzH.js", "/dashboard/assets/cooperative-BeMDn9Ca.js", "/dashboard/assets/date_range-CU314RHn.js", "/dashboard/assets/deliveries-Bamk_P5j.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-DVArtN4o.js", "/dashboard/assets/drawn_zones_model-CwVUGjsB.js", "/dashboard/assets/drop_file-DUd7pXk0.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/duty-D0FL-Hl6.js", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-D8mabcxE.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-Bfu30sUL.js", "/dashboard/assets/field-dQX4a6uu.js", "/dashboard/assets/field_map-CY5-wkCL.js", "/dashboard/assets/field_weather-C_7xLZjn.js", "/dashboard/assets/field_work-C27NV0nN.js", "/dashboard/assets/fields-B4BYvx3-.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-Dr43uYpS.js", "/dashboard/assets/file_button-DzGvBbqJ.js", "/dashboard/assets/files-D7cZMWdc.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/first-DKI4Q3Fl.js", "/dashboard/assets/form-CgHtwD7J.js", "/dashboard/assets/greenhouse-Bfpzuy7c.js", "/dashboard/assets/greenhouse-CXIyt6C1.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/grid_map-ejpKUwc9.js", "/dashboard/assets/harvest-D0h_vcMS.js", "/dashboard/assets/harvest_import-D4hwOueF.js", "/dashboard/assets/health-LmoEfbDD.js", "/dashboard/assets/house_tabs-8qQI9ypQ.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/imports_panel-C-KvAIIh.js", "/dashboard/assets/index-DynxkQF-.js", "/dashboard/assets/layout_map-BUJiiuHH.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/map-CcqKGVhg.js", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-JMgA0jE2.js", "/dashboard/assets/note_list-CQdBpxVp.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-DUk6682-.js", "/dashboard/assets/notes_panel-DycxoaJ4.js", "/dashboard/assets/one_rate_prescription-BWDknDH0.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-BdcHRpr2.js", "/dashboard/assets/person_form-DNBWx9s7.js", "/dashboard/assets/person_record-BJ8DEcvk.js", "/dashboard/assets/points_prescription-paX-T2JC.js", "/dashboard/assets/prescription_fields-BItZXmH-.js", "/dashboard/assets/push--aOok68o.js", "/dashboard/assets/recall-DhA5AFZU.js", "/dashboard/assets/records-CgKdF7Rs.js", "/dashboard/assets/records-DFr0LSoz.js", "/dashboard/assets/records-g_-RzZFs.js", "/dashboard/assets/report_links-DTueCXXW.js", "/dashboard/assets/set_active-Z2SmKtp2.js", "/dashboard/assets/settings-D8i0dMVr.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/settings-c9x8oSu4.js", "/dashboard/assets/stability-BE-Sbeme.js", "/dashboard/assets/style-CvxIfvRq.css", "/dashboard/assets/subject_notes-DQCYmCSr.js", "/dashboard/assets/table_import-ByHj8Ix-.js", "/dashboard/assets/tabs-Jqom3N8g.js", "/dashboard/assets/tapped_place-CcuvQZ9g.js", "/dashboard/assets/treatments_panel-Btx923Su.js", "/dashboard/assets/treatments_panel-eWmNgDhW.js", "/dashboard/assets/trial_form-CTYhwenn.js", "/dashboard/assets/trials_panel-ClJIxJZ8.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/weather_panel-C7uJ_sGg.js", "/dashboard/assets/wind_mark-C-RJ2_Mn.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-DMukuFrc.js", "/dashboard/assets/yields-RU-ySveq.js", "/dashboard/assets/zone_colours-C7OCBa0S.js", "/dashboard/assets/zone_key-BeT8xUnF.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
