// Texts of the map sources in the settings. Keys begin with `source_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const mapSources = catalogue({
  source_about: [
    "A map source gives the ground under your fields: satellite images or streets. The station asks its service for the part of the map that somebody looks at; the service learns that part, and nothing else of the farm. While none is added nothing is asked.",
    "地图来源提供地块下面的影像或街道。由站点向地图服务请求正在查看的部分，对方只知道看的是哪一片，不知道农场的其他信息。未添加时不请求任何内容。",
  ],
  source_none: ["No map source yet: maps show the farm's own ground alone.", "尚未添加地图来源，地图只显示农场自有底图。"],
  source_add: ["Add map source", "添加地图来源"],
  source_service: ["Map service", "地图服务"],
  source_other: ["Another one, by its address", "其他（填写地址）"],
  source_name: ["Name", "名称"],
  source_url: ["Address of the tiles", "瓦片地址"],
  source_url_hint: ["https://HOST/… with z, x and y in braces; -y counts from the south.", "https://主机/…，其中 z、x、y 用花括号括起；-y 表示从南向北编号。"],
  source_subdomains: ["Characters for s in braces", "花括号 s 的取值"],
  source_subdomains_hint: ["Only where the address has s in braces: 1234.", "仅在地址含花括号 s 时填写，如 1234。"],
  source_attribution: ["Attribution", "版权说明"],
  source_attribution_hint: ["Shown on the map, as the service asks.", "按服务要求显示在地图上。"],
  source_system: ["Coordinates", "坐标系"],
  source_wgs84: ["WGS84 or CGCS2000 (Tianditu, OpenStreetMap)", "WGS84 或 CGCS2000（天地图、OpenStreetMap）"],
  source_gcj02: ["GCJ-02 (Amap, Tencent): moved to its place", "GCJ-02（高德、腾讯），显示时纠正到真实位置"],
  source_min_zoom: ["Coarsest zoom", "最小缩放级别"],
  source_max_zoom: ["Finest zoom", "最大缩放级别"],
  source_key: ["Key", "密钥"],
  source_key_hint: ["From the service, for a server. It is shown on no page.", "向服务方申请的服务端密钥，不在网页显示。"],
  source_terms: ["Conditions of use", "使用条款"],
  source_change: ["Change", "修改设置"],
  source_delete_text: ["Its maps are not asked for any more.", "不再请求该地图。"],
} as const satisfies Texts);
