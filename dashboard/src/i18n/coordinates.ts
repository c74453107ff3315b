// Systems of coordinates of a file, by the maps that people know them from.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const coordinates = catalogue({
  import_coordinates: ["Coordinates come from", "坐标来源"],
  import_coordinates_of_file: ["What the file says, else GPS (WGS84)", "以文件为准，未注明时按卫星定位（WGS84）"],
  import_coordinates_gps: ["Satellite receiver or GIS (WGS84)", "卫星定位或测绘软件（WGS84）"],
  import_coordinates_gcj: ["Amap or Tencent map (GCJ-02)", "高德、腾讯地图（GCJ-02）"],
  import_coordinates_bd: ["Baidu map (BD-09)", "百度地图（BD-09）"],
} as const satisfies Texts);
