"""Chat robots of DingTalk, WeCom and Feishu: their addresses, the bodies that they accept, and what they answer. Pure.

Each takes its own form of a text and refuses every other with status 200 and a code in the body:
https://open.dingtalk.com/document/orgapp/custom-robot-access, https://developer.work.weixin.qq.com/document/path/91770,
https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from headland.alarms.notification.delivery_policy import DeliveryOutcome
from headland.http_target import parse_target

#: A robot of DingTalk or Feishu may demand a keyword: with `Headland` as its keyword it accepts every notification.
KEYWORD: Final = "Headland"
#: Letters of a text; WeCom takes 2048 bytes, the least of the three.
_MOST_BYTES: Final = 2000
#: As much of an answer as is read.
MOST_ANSWER_BYTES: Final = 16_384
#: Codes after which a later attempt may succeed: too many messages, or the service is busy.
_LATER: Final = frozenset((-1, 130101, 410100, 45009, 45033, 9499, 11232))


@dataclass(frozen=True, slots=True)
class ChatRobot:
    """A service of robots: where its addresses lead."""

    name: str
    hosts: tuple[str, ...]
    path: str


ROBOTS: Final = (
    ChatRobot("dingtalk", ("oapi.dingtalk.com",), "/robot/send?access_token="),
    ChatRobot("wecom", ("qyapi.weixin.qq.com",), "/cgi-bin/webhook/send?key="),
    ChatRobot("feishu", ("open.feishu.cn", "open.larksuite.com"), "/open-apis/bot/v2/hook/"),
)


def robot_of(url: str) -> ChatRobot | None:
    """Return the service to whose robot a URL leads, or None."""
    try:
        target = parse_target(url)
    except ValueError:
        return None
    host = target.host.rstrip(".")
    return next((robot for robot in ROBOTS if host in robot.hosts and target.path.startswith(robot.path)), None)


def robot_body(robot: ChatRobot, notice_body: str) -> bytes:
    """Return the message of a notification in the form of a service."""
    content: dict[str, Any] = msgspec.json.decode(notice_body)
    text = "\n".join(part for part in (f"{KEYWORD} · {content['title']}", str(content["text"])) if part)
    text = text.encode()[:_MOST_BYTES].decode(errors="ignore")
    if robot.name == "feishu":
        return msgspec.json.encode({"msg_type": "text", "content": {"text": text}})
    return msgspec.json.encode({"msgtype": "text", "text": {"content": text}})


def robot_outcome(answer: bytes) -> DeliveryOutcome:
    """Return what a service's answer with status 200 says of a message."""
    try:
        said = msgspec.json.decode(answer)
    except msgspec.DecodeError:
        return DeliveryOutcome("later", "the robot's answer is not readable")
    if not isinstance(said, dict):
        return DeliveryOutcome("later", "the robot's answer is not readable")
    code = next((said[name] for name in ("errcode", "code", "StatusCode") if name in said), None)
    if code == 0:
        return DeliveryOutcome("delivered")
    reason = str(said.get("errmsg") or said.get("msg") or said.get("StatusMessage") or "")[:200]
    sentence = f"the robot refused the message with code {code} ({reason or 'no reason'})"
    if code is None or code in _LATER:
        return DeliveryOutcome("later", sentence)
    return DeliveryOutcome("refused", f"{sentence}: check its address, and set {KEYWORD} as its keyword")
