// Texts of the step that connects a person to alarms. Keys begin with `connect_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const connect = catalogue({
  connect_title: ["Connect a person", "接入报警"],
  connect_about: [
    "Alarms count as received once a person has confirmed a test message.",
    "有人确认收到测试消息后，才算有人接收报警。",
  ],
  connect_how: ["How shall the alarm come?", "报警怎么通知到人？"],
  connect_second_how: ["Second person: how shall the alarm come?", "第二个人：报警怎么通知？"],
  connect_push: ["This phone", "本手机推送"],
  connect_email: ["E-mail", "邮箱"],
  connect_dingtalk: ["DingTalk", "钉钉"],
  connect_wecom: ["WeCom", "企业微信"],
  connect_feishu: ["Feishu", "飞书"],
  connect_sms: ["SMS", "短信"],
  connect_other: ["Other service", "其他服务"],
  connect_push_where: [
    "Asks this browser for permission. Needs the internet and https. In mainland China most Android phones do not reach the push service: take a chat group.",
    "浏览器会询问是否允许通知。需要互联网和 https。国内多数安卓手机收不到浏览器推送，请改用钉钉、企业微信或飞书。",
  ],
  connect_email_where: ["The station sends it by its own mail server.", "由站点的邮件服务器发送。"],
  connect_mailbox_where: [
    "The mailbox sends to itself. The code is in the mailbox's settings: turn on SMTP, create an authorization code. It is not the password.",
    "由该邮箱发给自己。在邮箱网页版“设置 → 账户”中开启 SMTP 服务并生成授权码；填授权码，不是登录密码。",
  ],
  connect_dingtalk_where: [
    "In the DingTalk group: settings, robots, add, custom. Security: keyword Headland. Copy the webhook.",
    "钉钉群 → 群设置 → 机器人 → 添加机器人 → 自定义；安全设置选“自定义关键词”，填 Headland；复制 Webhook 地址。",
  ],
  connect_wecom_where: [
    "In the WeCom group: settings, message push (group robot), add. Copy the webhook.",
    "企业微信群 → 右上角“…” → 消息推送（群机器人）→ 添加；复制 Webhook 地址。",
  ],
  connect_feishu_where: [
    "In the Feishu group: settings, bots, add, custom bot. Security: keyword Headland. Copy the webhook.",
    "飞书群 → 设置 → 群机器人 → 添加机器人 → 自定义机器人；安全设置选“自定义关键词”，填 Headland；复制 Webhook 地址。",
  ],
  connect_sms_where: [
    "Of a gateway with a SIM card: smseagle://KEY@HOST/NUMBER. Of a provider, as Twilio: twilio://ACCOUNT:TOKEN@FROM/NUMBER. The key is in the provider's console. Others: appriseit.com/services",
    "自带 SIM 卡的短信网关：smseagle://密钥@主机/手机号；短信服务商（如 Twilio）：twilio://账号:令牌@发送号码/手机号。密钥在服务商控制台查看。更多服务：appriseit.com/services",
  ],
  connect_other_where: ["An Apprise address: appriseit.com/services", "填写 Apprise 地址，各服务的写法见 appriseit.com/services"],
  connect_name: ["Who is it?", "接收人姓名"],
  connect_address: ["Webhook address", "Webhook 地址"],
  connect_mail: ["E-mail address", "邮箱地址"],
  connect_code: ["Authorization code", "授权码"],
  connect_server: ["Mail server", "发信服务器"],
  connect_server_hint: ["Empty: smtp. and what follows the @", "留空则为 smtp. 加 @ 后的部分"],
  connect_service: ["Address of the service", "服务地址"],
  connect_no_apprise: [
    "Apprise is not installed. The operator runs: {command}, and starts the station again.",
    "未安装 apprise。请运维人员执行：{command}，并重启站点服务。",
  ],
  connect_minutes: ["Called when nobody acknowledges for", "无人确认多久后通知此人"],
  connect_send: ["Save and send a test", "保存并发送测试"],
  connect_back: ["Another way", "换一种方式"],
  connect_later: ["Later", "以后再说"],
  connect_waits: ["Sending …", "正在发送……"],
  connect_accepted: ["The service took the message at {time}.", "服务商已于 {time} 接受消息。"],
  connect_did_it_come: ["Did it arrive at {name}?", "{name} 收到了吗？"],
  connect_not_come: ["It did not come", "没收到"],
  connect_not_come_do: [
    "The service took it, so look there: notifications of the app on, the group not muted, spam folder. Then send it again.",
    "服务商已接受，请检查：应用通知是否开启、群是否免打扰、是否进了垃圾邮件，然后重新发送。",
  ],
  connect_again: ["Send again", "重新发送"],
  connect_failed: ["It did not arrive:", "没有送到："],
  connect_change: ["Correct the address", "修改地址"],
  connect_done: ["{name} gets alarms.", "{name} 已能收到报警。"],
  connect_second: ["Add a second person", "添加第二个人"],
  connect_second_about: [
    "If {name} does not acknowledge an alarm, a second person is called.",
    "如果 {name} 没有确认报警，再通知第二个人。",
  ],
  connect_rota: ["Alarms", "报警值班"],
  connect_escalation: ["{first} is called first; without an acknowledgement {second} after {minutes} min.", "先通知 {first}；{minutes} 分钟无人确认再通知 {second}。"],
  connect_rota_is: ["Who is called next is in the duty rota.", "按值班表决定下一个通知谁。"],
  connect_to_duty: ["Open the rota", "打开值班表"],
  connect_no_site: ["Escalation needs a site: add one in the settings.", "升级通知需要先在设置中添加场区。"],
} as const satisfies Texts);
