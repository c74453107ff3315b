// Texts of what does not exist. Keys begin with `not_found` and `thing_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const notFound = catalogue({
  not_found: ["Not found: {what}", "未找到：{what}"],
  not_found_why: ["There is no {what} “{id}” here. It was deleted, or the link is wrong.", "这里没有{what}“{id}”：可能已被删除，或链接有误。"],
  not_found_alarm: ["There is no active {what} “{id}”. It has ended, or the link is wrong.", "没有正在发生的{what}“{id}”：可能已结束，或链接有误。"],
  thing_field: ["field", "地块"],
  thing_pass: ["pass", "作业"],
  thing_greenhouse: ["greenhouse", "温室"],
  thing_lot: ["lot", "批次"],
  thing_certificate: ["certificate", "合格证"],
  thing_device: ["device", "设备"],
  thing_gateway: ["gateway", "网关"],
  thing_alarm: ["alarm", "报警"],
  thing_note: ["note", "农事记录"],
  thing_site: ["site", "场区"],
  thing_person: ["person", "人员"],
  thing_prescription: ["prescription", "处方图"],
  thing_harvest: ["harvest", "收获"],
  thing_tab: ["tab", "选项卡"],
} as const satisfies Texts);
