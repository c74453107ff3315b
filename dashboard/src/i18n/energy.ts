// Texts of a greenhouse's energy and its cost. Keys begin with `energy_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const energy = catalogue({
  energy_title: ["Energy and cost", "能耗与费用"],
  energy_about: [
    "Of what is recorded alone: a gap counts nothing, and each figure says how much of the week was recorded.",
    "只统计有记录的时段，缺测不补，并注明本周有记录的比例。",
  ],
  energy_week: ["Week", "周"],
  energy_kind: ["Use", "用途"],
  energy_used: ["Energy", "用量"],
  energy_cost: ["Cost", "费用"],
  energy_recorded: ["Recorded", "有记录"],
  energy_heat: ["Heating", "加温"],
  energy_lamps: ["Lamps", "补光"],
  energy_none: ["Nothing is recorded in these weeks.", "这几周没有记录。"],
  energy_hours: ["{share} of the week so far ({hours} h)", "本周至今的 {share}（{hours} 小时）"],
  energy_missing: ["Not known", "未知"],
  energy_prices: ["Prices", "价格"],
  energy_price_line: ["{kind}: {price} per {unit} from {day}", "{kind}：{price}/{unit}，自 {day} 起"],
  energy_price_add: ["Enter a price", "登记价格"],
  energy_price: ["Price of a unit", "单价"],
  energy_unit: ["Unit", "计价单位"],
  energy_per_unit: ["kWh of heat from a m³", "每立方米产热（kWh）"],
  energy_per_unit_hint: ["Only for m³ of gas: what reaches the house.", "仅用于按立方米计价的燃气，填实际供热量。"],
  energy_currency: ["Currency", "货币"],
  energy_from: ["Holds from", "生效日期"],
  energy_source: ["Source, such as a bill", "来源，如账单"],
  energy_delete: ["Delete the price of {day}", "删除 {day} 起的价格"],
  energy_lamp_power: ["Power of the lamps at full output", "补光灯满功率"],
} as const satisfies Texts);
