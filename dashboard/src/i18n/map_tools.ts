// Texts of the tools of every map. Keys begin with `tool_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const mapTools = catalogue({
  tool_measure: ["Measure", "测量"],
  tool_measured: ["Length: {length}", "长度：{length}"],
  tool_measured_area: ["Length: {length}; area: {area}", "长度：{length}；面积：{area}"],
  tool_measure_hint: ["Click point after point.", "逐点点击。"],
  tool_base: ["Base map", "底图"],
  tool_layers: ["Layers", "图层"],
  tool_opacity_of: ["Opacity: {name}", "不透明度：{name}"],
  tool_layer_fields: ["Fields", "地块"],
  tool_layer_untreated: ["Exclusions and buffer strips", "禁施区与缓冲带"],
  tool_layer_vehicles: ["Vehicles", "作业机"],
  tool_layer_trails: ["Trails of the last 15 minutes", "最近 15 分钟轨迹"],
  tool_layer_fixed: ["Greenhouses, stations and gateways", "温室、气象站与网关"],
  tool_layer_edges: ["Boundaries", "边界"],
  tool_layer_cells: ["Rates and deviation", "用量与偏差"],
  tool_layer_zones: ["Prescription zones", "处方分区"],
  tool_layer_swaths: ["Swaths, pump or feeder commanded on", "作业幅，泵或排料指令为开"],
  tool_layer_swath_width: ["Swath {width}", "作业幅宽 {width}"],
  tool_layer_swath_unknown: ["The swath is not known: nothing is drawn.", "作业幅宽未知，不绘制。"],
  tool_layer_wind: ["Wind", "风"],
  tool_wind: ["Wind {speed}", "风速 {speed}"],
  tool_wind_then: ["Wind {speed} in the hours of the pass (hourly means)", "作业时段风速 {speed}（小时平均）"],
  tool_wind_range: ["{least} to {most}", "{least}～{most}"],
  tool_wind_from: ["from {direction} ({degrees}°)", "{direction}风（{degrees}°）"],
  tool_wind_no_direction: ["direction not known", "风向未知"],
  tool_wind_n: ["N", "北"],
  tool_wind_ne: ["NE", "东北"],
  tool_wind_e: ["E", "东"],
  tool_wind_se: ["SE", "东南"],
  tool_wind_s: ["S", "南"],
  tool_wind_sw: ["SW", "西南"],
  tool_wind_w: ["W", "西"],
  tool_wind_nw: ["NW", "西北"],
} as const satisfies Texts);
