// Texts of a person's record. Keys begin with `people_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const people = catalogue({
  people_name: ["Name", "姓名"],
  people_number: ["Member number", "社员编号"],
  people_number_hint: ["The cooperative's own number, of one person only.", "合作社自编的编号，不可重复。"],
  people_role: ["Role", "角色"],
  people_language: ["Language", "语言"],
  people_phone: ["Phone", "电话"],
  people_wechat: ["WeChat", "微信"],
  people_email: ["E-mail", "电子邮箱"],
  people_remark: ["Note", "备注"],
  people_same_name: ["A person of this name is there already", "已有同名人员"],
  people_same_name_text: [
    "{name} is there already, with the number {number}. Add another person of the same name?",
    "已有{name}（编号 {number}）。仍要添加一位同名人员吗？",
  ],
  people_add_another: ["Add another person", "仍要添加"],
  people_details: ["Details of {name}", "{name}的资料"],
  people_share_add: ["Add share", "添加份额"],
  people_field: ["Field", "地块"],
  people_right: ["Right", "权属"],
  people_share: ["Share", "份额"],
  people_share_hint: ["A fraction or percent, such as 1/3 or 25%.", "分数或百分数，如 1/3 或 25%。"],
  people_share_wrong: ["Write the share as 1/3, 0.25 or 25%.", "请按 1/3、0.25 或 25% 填写份额。"],
  people_start: ["Start", "起始日期"],
  people_finish: ["End (last day)", "终止日期（含当日）"],
  people_day_hint: ["Empty: no limit.", "留空表示不限。"],
  people_record_of: ["Shares of {name}", "{name}的地块份额"],
  people_no_shares: ["Holds no field.", "未持有地块。"],
  people_ownership: ["ownership", "自有"],
  people_lease: ["lease", "流转"],
  people_from: ["from {date}", "自 {date} 起"],
  people_until: ["until {date}", "至 {date} 止"],
  people_no_end: ["without an end", "未定终止日期"],
  people_last_day: ["Last day", "最后一天"],
  people_end: ["End the share", "终止份额"],
  people_end_hint: [
    "What was done until then stays with this person; later works are borne by who holds the field then.",
    "此日及以前的作业仍归本人结算，之后的作业由届时的权利人承担。",
  ],
  people_share_delete: ["Delete: entered by mistake", "删除（误登记）"],
  people_share_delete_of: ["Delete the share {what}?", "确定删除份额 {what}？"],
  people_share_delete_text: [
    "As if it had never been: statements that are made from now on do not count it. Give a share that was real an end instead.",
    "视为从未登记，今后生成的结算单不再计入。确实持有过的份额请改为终止。",
  ],
  people_inactive_about: [
    "Keys and sign-ins of this person stop working at once, and forms no longer offer the person. Shares, accounts and statements stay.",
    "此人的密钥和登录立即失效，也不再出现在选项中。份额、账目和结算单保留。",
  ],
  people_delete: ["Delete person", "删除人员"],
  people_delete_of: ["Delete {name}?", "确定删除{name}？"],
  people_delete_text: ["The person is no longer listed, and keys of theirs no longer work.", "该人员将不再显示，其密钥随即失效。"],
  people_kept: [
    "This person has {entries} account entries and {statements} statements, which are kept, and so is the person. Who leaves: end the shares, and deactivate the person.",
    "该人员名下有 {entries} 条账目、{statements} 份结算单，须永久保存，因此不能删除。退社的请终止其份额并停用。",
  ],
  people_shares_first: [
    "{count} shares of fields name this person: delete those entered by mistake first. A share that was real is ended, and its person is kept.",
    "该人员名下有 {count} 份地块份额，请先删除误登记的份额。真实持有过的份额请终止，人员随之保留。",
  ],
} as const satisfies Texts);
