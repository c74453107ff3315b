// Texts of the tools of every map. Keys begin with `tool_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const mapTools = catalogue({
  tool_measure: ["Measure", "测量"],
  tool_measured: ["Length: {length}", "长度：{length}"],
  tool_measured_area: ["Length: {length}; area: {area}", "长度：{length}；面积：{area}"],
  tool_measure_hint: ["Click point after point.", "逐点点击。"],
  tool_base: ["Base map", "底图"],
  tool_base_opacity: ["Opacity of the base map", "底图不透明度"],
} as const satisfies Texts);
