// Texts of connecting a sensor. Keys begin with `sensor_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const sensors = catalogue({
  sensor_connect: ["Connect a sensor", "连接传感器"],
  sensor_about: [
    "The gateway looks for sensors in its own network; what it finds is shown with its values before anything is stored.",
    "网关在其所在网络中查找传感器；先显示找到的设备和数值，确认后才会入库。",
  ],
  sensor_way: ["Connection", "连接方式"],
  sensor_modbus: ["Modbus TCP: a probe or a serial server", "Modbus TCP（探头或串口服务器）"],
  sensor_mqtt: ["MQTT: what a broker carries", "MQTT（消息代理上的设备）"],
  sensor_gateway: ["Gateway", "网关"],
  sensor_no_gateway: ["No gateway is online.", "没有在线的网关。"],
  sensor_host: ["Address, as the gateway reaches it", "地址（从网关访问）"],
  sensor_port: ["Port", "端口"],
  sensor_login: ["Login at the broker", "消息代理登录名"],
  sensor_password: ["Password", "密码"],
  sensor_with_login: ["The broker asks for a login", "消息代理需要登录"],
  sensor_search: ["Search", "查找"],
  sensor_searching: ["The gateway is searching ({seconds} s) …", "网关正在查找（{seconds} 秒）……"],
  sensor_nothing: ["Nothing was found. Check address, port and power, then search again.", "未找到设备。请检查地址、端口和供电后再查找。"],
  sensor_unit: ["Modbus unit {unit}", "Modbus 从站 {unit}"],
  sensor_read_as: [
    "Read as {model}. Compare the values with what the device shows.",
    "按 {model} 读取，请与设备显示的数值核对。",
  ],
  sensor_unclear: [
    "Of these numbers it is not stated in which unit or where they are measured. Say what they measure, or leave them out.",
    "以下数值未注明单位或测量位置。请指明测量的量，否则不采集。",
  ],
  sensor_place_soil: ["The device is about soil as well: is this of the soil or of the air?", "该设备也测土壤：此数值属于土壤还是空气？"],
  sensor_place_water: ["The device is about water as well: is this of the water or of the air?", "该设备也测水：此数值属于水还是空气？"],
  sensor_place_outside: ["The device is about the weather outside: is this of outside or of the air in the house?", "该设备也测室外气象：此数值属于室外还是棚内空气？"],
  sensor_holding: ["holding register {address}", "保持寄存器 {address}"],
  sensor_input: ["input register {address}", "输入寄存器 {address}"],
  sensor_left_out: ["not read", "不采集"],
  sensor_means: ["What {key} measures", "{key} 测量的量"],
  sensor_factor: ["Factor of {key}", "{key} 的倍率"],
  sensor_choose: ["Connect this one", "接入此设备"],
  sensor_name: ["Id in the farm", "设备编号"],
  sensor_where: ["Where it is", "安装位置"],
  sensor_outside: ["Outside: {kind}", "室外：{kind}"],
  sensor_confirm: ["Store from now on", "开始入库"],
  sensor_refused: ["The gateway refused: {why}", "网关拒绝：{why}"],
  sensor_applied: ["{gateway} reads {device} now. Waiting for its first value …", "{gateway} 已开始读取 {device}，正在等待首个数值……"],
  sensor_live: ["{device} is connected to {zone}.", "{device} 已接入{zone}。"],
  sensor_live_outside: ["{device} is connected.", "{device} 已接入。"],
  sensor_not_placed: [
    "It is read, but may not be placed in this zone: ask a manager to assign it.",
    "已开始读取，但无权将其归入该分区，请联系管理员指定分区。",
  ],
  sensor_again: ["Connect another one", "再接入一个"],
} as const satisfies Texts);
