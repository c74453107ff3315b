// Texts of the providers of weather forecasts in the settings. Keys begin with `provider_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const forecastProviders = catalogue({
  provider_about: [
    "The station asks a provider for the weather to come, once for all houses and fields of a site. This page never asks one. While none is turned on nothing leaves the farm: a farm without a network works as today.",
    "由站点服务向预报来源查询，同一场区的温室和地块只查询一次，本网页不会直接查询。未启用时不发送任何内容，没有网络的农场照常运行。",
  ],
  provider_none: ["No provider yet: no forecast is asked for.", "尚未添加预报来源，不查询天气预报。"],
  provider_add: ["Add provider", "添加预报来源"],
  provider_name: ["Provider", "预报来源"],
  provider_model: ["Model", "预报模式"],
  provider_model_hint: ["Empty: the provider's usual one.", "留空则使用该来源的默认模式。"],
  provider_url: ["Other host", "其他服务地址"],
  provider_url_hint: ["Only where you run your own: https://HOST. Empty: {host}", "仅在自建服务时填写：https://主机名。留空则为 {host}"],
  provider_url_own: ["Only where you run your own: https://HOST. Empty: the provider's.", "仅在自建服务时填写：https://主机名。留空则为该来源自己的地址。"],
  provider_contact: ["Contact", "联系方式"],
  provider_contact_hint: ["E-mail or web page by which the provider reaches you; it is sent with each request.", "供预报来源联系您的邮箱或网页，随每次请求发送。"],
  provider_on: ["on", "已启用"],
  provider_off: ["off", "未启用"],
  provider_turn_on: ["Turn on", "启用"],
  provider_turn_off: ["Turn off", "停用"],
  provider_turn_on_sure: ["Turn on {name}?", "启用{name}？"],
  provider_turn_on_text: [
    "{host} is told these places, rounded to {decimals} decimals of a degree: {places}. It is asked at most every {every}. Nothing else about the farm is sent.{contact}",
    "将向 {host} 发送以下位置（经纬度保留 {decimals} 位小数）：{places}。最多每 {every}查询一次，不发送农场的其他信息。{contact}",
  ],
  provider_turn_on_contact: [" Your contact is sent with it: {contact}.", "联系方式“{contact}”随请求发送。"],
  provider_no_place: ["no place: neither a site nor its farm has a position", "没有位置（场区和农场均未填写位置）"],
  provider_turn_off_sure: ["Turn off {name}?", "停用{name}？"],
  provider_turn_off_text: ["It is not asked any more. What it said is kept for 90 days.", "不再查询。已取得的预报保留 90 天。"],
  provider_delete_text: ["It is not asked any more. What it said is kept for 90 days.", "不再查询。已取得的预报保留 90 天。"],
  provider_first: ["Several are turned on: pages and answers use {name}, the first of the list.", "已启用多个来源：网页和分析采用列表中的第一个，即{name}。"],
  provider_leaves: ["Sent to {host}: each site's place, rounded to {decimals} decimals of a degree (about {size}).", "发送至 {host}：各场区的位置，经纬度保留 {decimals} 位小数（约 {size}）。"],
  provider_files: [
    "Files in the station's folder forecasts are read: nobody is asked, and nothing leaves the farm.",
    "读取站点 forecasts 文件夹中的预报文件：不查询任何人，不向外发送任何内容。",
  ],
  provider_key_needed: ["Answers with a key only. It is set on the station, and shown on no page: {setting}.", "须有密钥才会应答。密钥在站点电脑上设置，不在网页显示：{setting}。"],
  provider_key_free: ["No key needed.", "无需密钥。"],
  provider_licence: ["Licence: {licence}", "许可：{licence}"],
  provider_missing: ["Its adapter is not installed at this station.", "本站未安装该来源的适配程序。"],
  provider_change: ["Change", "修改设置"],
  provider_states: ["State by site", "各场区状态"],
  provider_sent: ["Place that is sent", "发送的位置"],
  provider_fetched: ["Received", "取得时间"],
  provider_confirmed: ["Confirmed", "确认时间"],
  provider_next: ["Asks again", "下次查询"],
  provider_soon: ["within a minute", "1 分钟内"],
  provider_not_yet: ["not yet", "尚无"],
  provider_simulated: [
    "This farm is simulated: simulated providers on this machine answer in place of all others, and nothing leaves it.",
    "本农场为模拟农场：由本机的模拟来源应答，不向外发送任何内容。",
  ],
  provider_open: ["Weather of {site}", "查看 {site} 的天气"],
} as const satisfies Texts);
