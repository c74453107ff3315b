// Service worker: the page opens without a network, with the last answers of the station, each marked with the time it was received.
// `vite.config.ts` puts the names of the built files in. Nothing here asks another host.

const VERSION = "9cad444cd13f";
const FILES = ["/dashboard/assets/accounts-BsA4Pqsf.js", "/dashboard/assets/against_applied-06ausfLh.js", "/dashboard/assets/alarms-DSZy0iUn.js", "/dashboard/assets/asked_button-Cwht-ywG.js", "/dashboard/assets/band_text-D4Yg58CO.js", "/dashboard/assets/base-Do8zJfqL.js", "/dashboard/assets/chart-CnsZ1jie.css", "/dashboard/assets/chart-nqECH1HB.js", "/dashboard/assets/cooperative-BIV7p30o.js", "/dashboard/assets/cooperative-CEE9f0mv.js", "/dashboard/assets/date_range-BVVRoTn9.js", "/dashboard/assets/deliveries-xKaWXOnj.js", "/dashboard/assets/dist-BsbcV6pe.js", "/dashboard/assets/draw_tool-BEJCMBhH.js", "/dashboard/assets/drawn_prescription-CZpp3Kwv.js", "/dashboard/assets/drop_file-CNLnsyvA.js", "/dashboard/assets/duty-C0d_ZdKx.js", "/dashboard/assets/duty-C_eP9WgB.css", "/dashboard/assets/esm-Xkf8mv-x.js", "/dashboard/assets/farm_map-D8LXZW43.js", "/dashboard/assets/field-B5UY7mts.css", "/dashboard/assets/field-BNsUL9lk.js", "/dashboard/assets/field-rR8GVUOT.js", "/dashboard/assets/field_map-BkAVlcTP.js", "/dashboard/assets/field_weather-d32tf_zG.js", "/dashboard/assets/field_work-DFQaWiMN.js", "/dashboard/assets/fields-7Yshl0GR.js", "/dashboard/assets/file_button-Bw2WcCaW.css", "/dashboard/assets/file_button-C3G5ACSH.js", "/dashboard/assets/file_button-qtR6WXNp.js", "/dashboard/assets/files-DU3gZWQE.js", "/dashboard/assets/first-CTaV4po7.js", "/dashboard/assets/first-DJ3TVqTz.css", "/dashboard/assets/form-JMPZG6Yv.js", "/dashboard/assets/greenhouse-DcKEffdg.js", "/dashboard/assets/greenhouse-DhTpH97h.css", "/dashboard/assets/greenhouse-TSQGX2Ux.js", "/dashboard/assets/grid_map-CqkDeN0T.js", "/dashboard/assets/harvest-K5Wkla0A.js", "/dashboard/assets/harvest_import-BlBAvugr.js", "/dashboard/assets/health-CM1aHhhk.js", "/dashboard/assets/house_tabs-CvMBulM3.js", "/dashboard/assets/imports_panel-BJoa_7P0.js", "/dashboard/assets/imports_panel-Bc_UzQ_o.css", "/dashboard/assets/index-DeDNCmfV.js", "/dashboard/assets/layout_map-BodHc0zh.js", "/dashboard/assets/map-BTjeQddO.js", "/dashboard/assets/map-BXC8rbrE.css", "/dashboard/assets/maplibre-gl-worker-CZtFQQIV.mjs", "/dashboard/assets/money-QYMcZasg.js", "/dashboard/assets/note_list-7Cn-MIL3.js", "/dashboard/assets/notes-B2TpFBPd.css", "/dashboard/assets/notes-Bh_6qv_Y.js", "/dashboard/assets/notes_panel-C2LAnXpU.js", "/dashboard/assets/outline_model-CRvkcJVa.js", "/dashboard/assets/person_form-IOPN5qVO.js", "/dashboard/assets/person_form-mc1_3BPk.js", "/dashboard/assets/person_record-DeASzn0g.js", "/dashboard/assets/points_prescription-DMlPom8x.js", "/dashboard/assets/push-CUR7uy6k.js", "/dashboard/assets/recall-CGVeWNSF.js", "/dashboard/assets/records-BFvXLfEB.js", "/dashboard/assets/records-C6RHh1ob.js", "/dashboard/assets/records-CrdsvfNR.js", "/dashboard/assets/report_links-B_qbRhIA.js", "/dashboard/assets/set_active-CiTDnE-p.js", "/dashboard/assets/settings-CehPJnxe.js", "/dashboard/assets/settings-DgjFkyHO.js", "/dashboard/assets/settings-aoM-nqTc.css", "/dashboard/assets/stability-CIY25AMB.js", "/dashboard/assets/style-C5gFF8pS.css", "/dashboard/assets/subject_notes-TZp_dhqx.js", "/dashboard/assets/table_import-DHcEwMQe.js", "/dashboard/assets/tabs-Cm30g_St.js", "/dashboard/assets/tapped_place-CPtGFDi8.js", "/dashboard/assets/treatments_panel-DZjfcqcN.js", "/dashboard/assets/treatments_panel-TXtVCjWO.js", "/dashboard/assets/trial_form-LgNs75lB.js", "/dashboard/assets/trials_panel-C7ugumvb.js", "/dashboard/assets/trials_panel-DIMjNUgA.css", "/dashboard/assets/weather_panel-BCAuTtT8.js", "/dashboard/assets/weather_panel-BniOjES6.css", "/dashboard/assets/wind_mark-BbvPgpgl.js", "/dashboard/assets/yield_panel-D-PL5Edh.css", "/dashboard/assets/yield_panel-XeQRlloO.js", "/dashboard/assets/yields-B_ssEmy0.js", "/dashboard/assets/zone_colours-ChwnJ15D.js", "/dashboard/assets/zone_key-q4aEcd8N.js", "/dashboard/headland.svg", "/dashboard/icon-192.png", "/dashboard/icon-512.png", "/dashboard/icon-maskable-512.png", "/dashboard/manifest.webmanifest"];
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
