// Texts of the legends of maps. Keys begin with `legend`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const mapLegend = catalogue({
  legend: ["Legend", "图例"],
  legend_field: ["Field", "地块"],
  legend_other_fields: ["Other fields", "其他地块"],
  legend_untreated: ["Exclusions and buffer strips", "禁施区与缓冲带"],
  legend_track: ["Track", "航迹"],
  legend_flown_on: ["Flown so far, pump or feeder commanded on", "已飞航迹，水泵或排料指令为开"],
  legend_flown: ["Flown so far", "已飞航迹"],
  legend_replayed: ["Vehicle at the time of the replay", "回放时刻的作业机位置"],
  legend_swath: ["Pump or feeder commanded on, swath {width}", "水泵或排料指令为开，作业幅宽 {width}"],
  legend_skip_edge: ["Edge of skipped ground", "漏施边缘"],
  legend_double_edge: ["Edge of an overlap", "重叠边缘"],
  legend_skip_spot: ["Larger skip", "较大漏施处"],
  legend_overlap_spot: ["Larger overlap", "较大重叠处"],
  legend_chosen_cell: ["Chosen cell", "选中的网格"],
  legend_zone_open: ["Zone without a rate", "未填用量的分区"],
  legend_zone_edge: ["Edge of a zone", "分区边界"],
  legend_zone_number: ["Number of the zone", "分区编号"],
  legend_plot_name: ["Name of the plot", "小区编号"],
  legend_plot_edge: ["Edge of a plot", "小区边界"],
  legend_treatment: ["Treatment {n}", "处理 {n}"],
  legend_drawing: ["Being drawn", "正在绘制"],
  legend_corner: ["Corner: move it", "角点，可拖动"],
  legend_between: ["Middle of an edge: makes a corner", "边的中点，可加角点"],
  legend_measured: ["Measured line", "测量线"],
  legend_plots: ["Plots and other green land", "田块与其他绿地"],
  legend_trees: ["Trees", "树木"],
  legend_buildings: ["Buildings and yards", "建筑与院落"],
  legend_water: ["Water", "水面"],
  legend_other_ground: ["Other ground", "其他地面"],
  legend_roads: ["Roads and edges of the ground", "道路与地物边线"],
  legend_no_value: ["No value", "没有数值"],
} as const satisfies Texts);
