// Every word on the page, in English and Simplified Chinese, and how numbers, units and ages are written.

const ENGLISH = {
  skip: "Skip to the farm", api: "API", farm: "The farm now", loading: "Loading …",
  empty: "No device has reported yet. As soon as a gateway sends its first values, they appear here.",
  live: "Live", lost: "No connection",
  lostNotice: "The station does not answer. What you see is what it said last; ages go on counting.",
  simulated: "Simulated", simulatedHint: "Made by a simulator, not measured in a field.",
  signIn: "Sign in", signOut: "Sign out", keyLabel: "Key",
  keyHint: "Whoever runs the station has a key: headland up prints one, and keeps it in its folder as api-key (~/.local/share/headland/api-key).",
  keyRefused: "This key is not known, or it was revoked, or has expired.", keyTooOften: "Too many wrong keys. Wait a minute, then try again.",
  site: "Site", never: "never seen", stale: "Not current",
  climate: "Climate", climateHint: "the last 10 minutes", application: "Last flight",
  noFlight: "No flight in the last 12 hours.",
  vpd: "Vapour pressure deficit", dewPoint: "Dew point", deficit: "Humidity deficit", frostPoint: "Frost point",
  applied: "Product applied", treated: "Area treated", overlap: "Overlap", rate: "Mean rate",
  range: "{low} to {high}", covered: "{share} of the window known", located: "{share} of the spraying located",
  known: "{share} of the work known",
  swath: "Swath width", track: "Track", sprayed: "Sprayed", aircraft: "Aircraft", mapOf: "Map of the track of {name}",
  allValues: "All values", quantity: "Quantity", value: "Value", age: "Age", how: "How this was computed",
  method: "Method", samples: "{n} samples", on: "on", off: "off", commanded: "commanded",
  chartText: "{name}, last 10 minutes: from {low} to {high}, last {now}", noChart: "No values in the last 10 minutes",
  ago10: "10 min before", now: "last value",
  kind_greenhouse: "Greenhouse", kind_drone: "Drone", kind_weather: "Weather station", kind_other: "Device",
  evidence_measured_flow: "Measured by the flow meter", evidence_tank_mass: "From what the hopper lost",
  evidence_pump_pwm: "From the pump command only",
  evidence_measured: "Measured",
  reason_insufficient_data: "Not enough data", reason_no_flow_meter: "No flow meter", reason_no_mass_meter: "No flow sensor and no scale",
  reason_no_pump_state: "No pump signal", reason_nothing_treated: "Nothing treated",
  quality_3: "suspect", quality_4: "failed its check",
  fix_0: "no receiver", fix_1: "no fix", fix_2: "2D", fix_3: "3D", fix_4: "DGPS", fix_5: "RTK float", fix_6: "RTK fixed", fix_8: "PPP",
  share_of_treated: "{share} of the area",
  alarms: "Alarms", acknowledge: "I take care of it", acknowledged: "somebody takes care of it", since: "began {age}",
  moreAlarms: "and {n} more", severity_critical: "Critical", severity_warning: "Warning", severity_info: "Note",
};

const CHINESE = {
  skip: "跳到农场", api: "接口", farm: "农场实况", loading: "正在载入……",
  empty: "还没有设备上报数据。网关送来第一批数值后会显示在这里。",
  live: "实时", lost: "连接中断",
  lostNotice: "站点没有应答。这里显示的是最后收到的数值，时间仍在继续计算。",
  simulated: "模拟", simulatedHint: "由模拟器产生，并非田间实测。",
  signIn: "登录", signOut: "退出", keyLabel: "密钥",
  keyHint: "站点的运行者持有密钥：headland up 启动时会显示，并保存在其数据目录的 api-key 文件中（~/.local/share/headland/api-key）。",
  keyRefused: "密钥无效、已被撤销或已过期。", keyTooOften: "错误次数过多，请等一分钟再试。",
  site: "地点", never: "从未上报", stale: "已过时",
  climate: "棚内气候", climateHint: "最近 10 分钟", application: "最近一次飞行",
  noFlight: "最近 12 小时没有飞行。",
  vpd: "饱和水汽压差", dewPoint: "露点", deficit: "湿度亏缺", frostPoint: "霜点",
  applied: "实际施用量", treated: "作业面积", overlap: "重叠面积", rate: "平均用量",
  range: "{low} 至 {high}", covered: "时段内数据完整率 {share}", located: "喷洒过程定位率 {share}",
  known: "作业过程数据完整率 {share}",
  swath: "喷幅", track: "航迹", sprayed: "已喷洒", aircraft: "飞机", mapOf: "{name} 的航迹图",
  allValues: "全部数值", quantity: "项目", value: "数值", age: "时间", how: "计算依据",
  method: "方法", samples: "{n} 个样本", on: "开", off: "关", commanded: "指令",
  chartText: "{name}，最近 10 分钟：{low} 至 {high}，最新 {now}", noChart: "最近 10 分钟没有数值",
  ago10: "10 分钟前", now: "最新",
  kind_greenhouse: "温室", kind_drone: "无人机", kind_weather: "气象站", kind_other: "设备",
  evidence_measured_flow: "流量计实测", evidence_tank_mass: "按料箱减重计算", evidence_pump_pwm: "仅依据水泵指令", evidence_measured: "实测",
  reason_insufficient_data: "数据不足", reason_no_flow_meter: "没有流量计", reason_no_mass_meter: "没有流量传感器和料箱秤",
  reason_no_pump_state: "没有水泵信号", reason_nothing_treated: "没有喷洒",
  quality_3: "可疑", quality_4: "未通过检查",
  fix_0: "无接收机", fix_1: "未定位", fix_2: "二维", fix_3: "三维", fix_4: "差分", fix_5: "RTK 浮点", fix_6: "RTK 固定", fix_8: "PPP",
  share_of_treated: "占面积 {share}",
  alarms: "报警", acknowledge: "由我处理", acknowledged: "已有人处理", since: "始于 {age}",
  moreAlarms: "以及另外 {n} 条", severity_critical: "紧急", severity_warning: "警告", severity_info: "提示",
};

// English, Chinese: the quantities of the nomenclature by name.
const QUANTITIES = {
  latitude_deg: ["Latitude", "纬度"], longitude_deg: ["Longitude", "经度"],
  altitude_m: ["Altitude above sea level", "海拔高度"], relative_altitude_m: ["Height above home", "相对起飞点高度"],
  velocity_north_m_s: ["Velocity north", "北向速度"], velocity_east_m_s: ["Velocity east", "东向速度"],
  velocity_down_m_s: ["Velocity down", "下降速度"], ground_speed_m_s: ["Ground speed", "地速"],
  air_speed_m_s: ["Air speed", "空速"], climb_rate_m_s: ["Climb rate", "爬升率"], throttle_pct: ["Throttle", "油门"],
  heading_deg: ["Heading", "机头朝向"], roll_rad: ["Roll", "横滚"], pitch_rad: ["Pitch", "俯仰"], yaw_rad: ["Yaw", "偏航"],
  roll_rate_rad_s: ["Roll rate", "横滚角速度"], pitch_rate_rad_s: ["Pitch rate", "俯仰角速度"], yaw_rate_rad_s: ["Yaw rate", "偏航角速度"],
  gps_latitude_deg: ["GPS latitude", "卫星定位纬度"], gps_longitude_deg: ["GPS longitude", "卫星定位经度"],
  gps_altitude_m: ["GPS altitude", "卫星定位海拔"], gps_ground_speed_m_s: ["GPS ground speed", "卫星定位地速"],
  gps_course_deg: ["GPS course", "航向"], gps_hdop_ratio: ["Horizontal dilution", "水平精度因子"], gps_vdop_ratio: ["Vertical dilution", "垂直精度因子"],
  gps_horizontal_accuracy_m: ["Position uncertainty", "定位误差"], gps_fix_code: ["GPS fix", "定位状态"], gps_satellites_count: ["Satellites", "卫星数"],
  battery_voltage_v: ["Battery voltage", "电池电压"], battery_current_a: ["Battery current", "电池电流"], battery_remaining_pct: ["Battery", "电量"],
  battery_consumed_mah: ["Charge used", "已用电量"], battery_temperature_degc: ["Battery temperature", "电池温度"],
  pump_command_us: ["Pump command", "水泵指令脉宽"], pump_on: ["Pump", "水泵"], flow_l_min: ["Flow", "流量"], flow_volume_total_l: ["Volume since power-up", "开机后累计流量"],
  mass_flow_kg_min: ["Mass flow", "下料流量"], hopper_kg: ["In the hopper", "料箱余量"], tank_l: ["In the tank", "药箱余量"],
  spinner_rpm: ["Disc speed", "撒盘转速"],
  air_temperature_degc: ["Air temperature", "气温"], relative_humidity_pct: ["Relative humidity", "相对湿度"],
  leaf_temperature_degc: ["Leaf temperature", "叶温"], soil_temperature_degc: ["Soil temperature", "土温"], co2_ppm: ["CO₂", "二氧化碳"],
  par_umol_m2_s: ["Light (PAR)", "光合有效辐射"], global_radiation_w_m2: ["Global radiation", "总辐射"],
  outside_temperature_degc: ["Outside temperature", "室外气温"], outside_humidity_pct: ["Outside humidity", "室外湿度"],
  wind_speed_m_s: ["Wind", "风速"], rain_on: ["Raining", "正在下雨"], rain_total_mm: ["Rain counted", "累计雨量"],
  vent_open_pct: ["Vents open", "通风口开度"], screen_closed_pct: ["Screen closed", "幕布闭合"],
  heating_power_w_m2: ["Heating", "加热功率"], substrate_moisture_pct: ["Substrate moisture", "基质含水量"],
};

const UNITS = {
  degC: "°C", deg: "°", "deg/s": "°/s", "g/m3": "g/m³", m2: "m²", "W/m2": "W/m²", "MJ/m2": "MJ/m²", "umol/m2/s": "µmol/m²/s", us: "µs", 1: "",
};

const DIGITS = {
  degC: 1, "%": 0, ppm: 0, "m/s": 1, m: 1, "L/min": 2, L: 2, kPa: 2, "g/m3": 1, deg: 0, V: 2, A: 1, mAh: 0,
  rad: 2, "rad/s": 2, "W/m2": 0, "umol/m2/s": 0, us: 0, "L/ha": 1, ha: 3, m2: 0,
};

export const LANGUAGES = { en: ENGLISH, "zh-CN": CHINESE };

let language = "en";

export function chooseLanguage() {
  const kept = localStorage.getItem("headland.language");
  const wished = kept ?? (navigator.languages ?? [navigator.language]).find((tag) => /^(zh|en)\b/i.test(tag)) ?? "en";
  return /^zh/i.test(wished) ? "zh-CN" : "en";
}

export function setLanguage(tag) {
  language = tag;
}

export function currentLanguage() {
  return language;
}

export function word(key, filled = {}) {
  const text = LANGUAGES[language][key] ?? ENGLISH[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => filled[name] ?? "");
}

export function kindName(kind) {
  return LANGUAGES[language][`kind_${kind}`] ?? word("kind_other");
}

export function channelName(channel) {
  const [quantity, instance] = channel.split(":");
  const known = QUANTITIES[quantity];
  const name = known ? known[language === "en" ? 0 : 1] : quantity.replaceAll("_", " ");
  return instance === undefined ? name : `${name} ${instance}`;
}

export function unitText(unit) {
  return UNITS[unit] ?? unit;
}

export function numberText(value, digits) {
  return new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export function digitsOf(channel, unit) {
  if (/l(at|ong)itude_deg/.test(channel)) return 6;
  return DIGITS[unit] ?? 2;
}

// [number, unit] as two texts, so that the unit can be set smaller.
export function valueParts(channel, value, unit) {
  const quantity = channel.split(":")[0];
  if (quantity.endsWith("_on")) return [word(value > 0.5 ? "on" : "off"), ""];
  if (quantity === "gps_fix_code") return [word(`fix_${value}`), ""];
  if (unit === "1" && Number.isInteger(value)) return [numberText(value, 0), ""];
  return [numberText(value, digitsOf(channel, unit)), unitText(unit)];
}

export function withUnit(value, unit, digits = DIGITS[unit] ?? 2) {
  return `${numberText(value, digits)} ${unitText(unit)}`.trim();
}

export function shareText(share) {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 }).format(share);
}

export function ageText(ageMs) {
  const seconds = Math.max(0, Math.round(ageMs / 1000));
  const relative = new Intl.RelativeTimeFormat(language, { numeric: seconds === 0 ? "auto" : "always", style: "short" });
  if (seconds < 90) return relative.format(-seconds, "second");
  if (seconds < 5400) return relative.format(-Math.round(seconds / 60), "minute");
  if (seconds < 129600) return relative.format(-Math.round(seconds / 3600), "hour");
  return relative.format(-Math.round(seconds / 86400), "day");
}

export function clockText(timeMs) {
  const far = Math.abs(Date.now() - timeMs) > 20 * 3600 * 1000;
  const form = far ? { dateStyle: "medium", timeStyle: "short" } : { timeStyle: "short" };
  return new Intl.DateTimeFormat(language, form).format(timeMs);
}
