// Texts of the questions about improbable values. Keys begin with `doubts_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const doubts = catalogue({
  doubts_title: ["Is this right?", "请核对"],
  doubts_before_after: ["{field}: {before} → {after}", "{field}：{before} → {after}"],
  doubts_none_value: ["none", "无"],
  doubts_change: ["Change it", "更正"],
  doubts_changed: ["Changed.", "已更正。"],
  doubts_elsewhere: ["It cannot be told which of them is wrong: correct it in the settings.", "无法判断哪一项有误，请在设置中更正。"],
  doubts_settings: ["Open the settings", "打开设置"],
  doubts_right: ["It is right", "没有错"],
  doubts_right_about: [
    "It is not asked again while the value is the same, and your name stays with the answer.",
    "数值不变时不再询问，并记下确认人姓名。",
  ],
  doubts_author: ["Your name", "您的姓名"],
  doubts_confirmed: ["{author} said on {date} that it is right.", "{author} 于 {date} 确认无误。"],
  doubts_ask_again: ["Ask again", "重新询问"],
  doubts_ask_again_sure: ["Take the answer back?", "撤回该确认？"],
  doubts_ask_again_about: ["The question is asked again. The answer remains in the log.", "将重新询问；原确认保留在变更记录中。"],
  doubts_field_longitude_deg: ["Longitude", "经度"],
  doubts_field_latitude_deg: ["Latitude", "纬度"],
  doubts_field_time_zone: ["Time zone", "时区"],
  doubts_field_target_yield_t_ha: ["Target yield", "目标产量"],
} as const satisfies Texts);
