// Texts of the farm page. Keys begin with `farm_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const farm = catalogue({
  farm_empty: ["No devices yet. A device appears when its gateway sends the first values.", "尚无设备。网关上报第一批数据后，设备会显示在这里。"],
  farm_fields: ["Fields", "地块"],
  farm_no_fields: ["No fields yet.", "尚无地块。"],
  farm_import_fields: ["Import field outlines", "导入地块边界"],
  farm_vehicles: ["Vehicles", "作业无人机"],
  farm_fixed: ["Greenhouses and weather stations", "温室与气象站"],
  farm_gateways: ["Gateways", "网关"],
  farm_no_gateways: ["No gateway has connected yet.", "尚无网关连接。"],
  farm_map: ["the farm", "农场"],
  farm_whole: ["Whole farm", "显示整个农场"],
  farm_show_on_map: ["Show on map", "在地图上显示"],
  farm_no_position: ["Position not known", "位置未知"],
  farm_site_position: ["Shown at its site; own position not known", "自身位置未知，显示在所属场区"],
  farm_trail: ["Trail, last 15 minutes", "最近 15 分钟航迹"],
  farm_field_key: ["Field", "地块"],
  farm_fixed_key: ["Greenhouse or weather station", "温室或气象站"],
  farm_gateway_key: ["Gateway", "网关"],
  farm_vehicle_key: ["Vehicle", "作业无人机"],
  farm_open_field: ["Open the field {name}", "打开地块 {name}"],
  farm_marker: ["{name}, {kind}", "{name}，{kind}"],
  farm_spool: ["records waiting to be sent: {records}", "{records} 条记录待发送"],
  farm_spool_empty: ["all records sent", "记录已全部发送"],
  farm_flight: ["Last flight", "最近一次飞行"],
  farm_no_flight: ["No flight in the last 12 hours.", "最近 12 小时没有飞行。"],
  farm_swath: ["Swath [m]", "作业幅宽 [米]"],
  farm_climate: ["Climate, last 10 minutes", "最近 10 分钟气候"],
  farm_alarm_began: ["began {age}", "{age}开始"],
  farm_alarms_more: ["and {n} more", "另有 {n} 个报警"],
} as const satisfies Texts);
