// Texts of a pass: its verdict, its three figures and the list of passes. Keys begin with `pass_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const fieldPass = catalogue({
  pass_covered: ["Treated ground", "作业面积"],
  pass_covered_is: ["Union of the swaths within the usable area, each spot counted once.", "可施用面积内各作业幅的并集，重叠处只计一次。"],
  pass_of: ["of {whole}, {share}", "共 {whole}，{share}"],
  pass_skipped: ["Skipped ground", "漏施面积"],
  pass_skipped_is: ["The usable area that no swath covers. Report and settlement have the same figure.", "可施用面积中没有作业幅覆盖的部分。报告和结算使用同一数字。"],
  pass_skipped_later: ["Known one minute after the last data, when the pass has ended.", "作业结束（最后一条数据一分钟）后得出。"],
  pass_applied: ["Applied", "实际施用量"],
  pass_applied_is: ["What left the machine as it was measured, also beside the field.", "机具实测排出的总量，含落在地块外的部分。"],
  pass_applied_none: ["No meter and no weight told how much was applied.", "没有流量计或称重数据，无法得知施用量。"],
  pass_commanded: ["Commanded", "指令用量"],
  pass_commanded_is: ["By the command to the pump and its curve. It was not measured: how much was applied is not known.", "按水泵指令和流量曲线推算，并非实测；实际施用量未知。"],
  pass_fly_rest: ["Fly the rest ({n})", "补飞剩余（{n} 条）"],
  pass_list: ["Passes", "作业"],
  pass_list_all: ["Show all {n}", "显示全部 {n} 次"],
  pass_list_few: ["Show fewer", "收起"],
  pass_list_area: ["treated {area}", "作业 {area}"],
  pass_list_skipped: ["skipped {area}", "漏施 {area}"],
  pass_list_unknown: ["area not known", "面积未知"],
  pass_chosen: ["Pass {n} of {all} · {time}", "第 {n} 次，共 {all} 次 · {time}"],
  pass_rest_title: ["Fly the rest", "补飞剩余部分"],
  pass_rest_about: [
    "The lines below treat what the pass of {time} left, and no ground twice. Ground that got too little is not flown again.",
    "以下航线只补施 {time} 那次作业留下的部分，不重复施用；用量偏少的部分不再补施。",
  ],
  pass_rest_lines: ["Strips to fly", "补飞条数"],
  pass_rest_area: ["Ground that they treat", "补施面积"],
  pass_rest_amount: ["Product for it", "所需用量"],
  pass_rest_unflown: ["Too narrow to fly", "过窄不飞"],
  pass_rest_window: ["Hours of the next day that suit the work", "未来一天的适宜作业时段"],
  pass_rest_window_none: ["No hour of the next day suits the work.", "未来一天没有适宜作业的时段。"],
  pass_rest_no_forecast: ["There is no forecast for this field.", "该地块没有天气预报。"],
  pass_rest_save: ["Save the mission", "保存任务文件"],
  pass_rest_store: ["Keep as a prescription", "存为处方图"],
  pass_rest_back: ["Back to the pass", "返回本次作业"],
  pass_rest_nothing: ["Nothing is left that is wide enough for a strip.", "没有宽到可以补飞的部分。"],
} as const satisfies Texts);
