// Texts of duty rotas. Keys begin with `duty_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const duty = catalogue({
  duty_about: [
    "A rota says who gets the alarms when. Recipients in no rota get them always. A rule with recipients of its own goes to them.",
    "值班表决定何时由谁接收报警。不在任何值班表中的接收人始终接收；规则若指定了接收人，则发给指定的人。",
  ],
  duty_none: ["No duty rota yet: all recipients get all alarms.", "尚无值班表：所有接收人接收全部报警。"],
  duty_now: ["On duty", "当前值班"],
  duty_nobody: ["nobody: all people of the rota are called", "无人值班：通知值班表中的所有人"],
  duty_until: ["until {until}", "至 {until}"],
  duty_next: ["Then, without acknowledgement within {minutes} min each", "每 {minutes} 分钟无人确认，依次通知"],
  duty_next_none: ["Nobody else is called.", "不再通知其他人。"],
  duty_zone: ["Times of {zone}", "时间按 {zone}"],
  duty_hand_over: ["Hand over", "交接班"],
  duty_hand_over_to: ["Hand over now to", "立即交班给"],
  duty_hours: ["For hours (empty: until the next change)", "持续小时数（留空则至下次换班）"],
  duty_handed: ["{name} is on duty now.", "现由 {name} 值班。"],
  duty_add: ["Add a rota", "添加值班表"],
  duty_edit: ["Edit", "编辑"],
  duty_delete: ["Delete the rota {name}? Its people then get all alarms.", "确定删除值班表“{name}”？之后其中的人员将接收全部报警。"],
  duty_name: ["Name", "名称"],
  duty_site: ["Site, for its clocks", "场区（按其当地时间）"],
  duty_shift: ["Shift {n}", "班次 {n}"],
  duty_days: ["Days", "星期"],
  duty_start: ["From", "开始"],
  duty_end: ["Until", "结束"],
  duty_person: ["On duty", "值班人"],
  duty_shift_add: ["Add a shift", "添加班次"],
  duty_shift_remove: ["Remove shift {n}", "删除班次 {n}"],
  duty_after: ["Call the next after", "多久无人确认后通知下一人"],
  duty_order: ["Order in which people are called", "通知顺序"],
  duty_no_people: ["Add recipients first: a rota is made of them.", "请先添加接收人，值班表由接收人组成。"],
  duty_no_site: ["Add a site first, in the settings: a rota follows its clocks.", "请先在设置中添加场区，值班表按其当地时间执行。"],
} as const satisfies Texts);
