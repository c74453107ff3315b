"""Chat robots of DingTalk, WeCom, Feishu, Telegram and ntfy: their addresses, bodies and answers. Pure.

Each takes its own form of a text. The first three refuse every other with status 200 and a code in the body:
https://open.dingtalk.com/document/orgapp/custom-robot-access, https://developer.work.weixin.qq.com/document/path/91770,
https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot, https://core.telegram.org/bots/api#sendmessage,
https://docs.ntfy.sh/publish/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from headland.alarms.notification.delivery_policy import DeliveryOutcome
from headland.network.http_target import parse_target

#: A robot of DingTalk or Feishu may demand a keyword: with `Headland` as its keyword it accepts every notification.
KEYWORD: Final = "Headland"
#: Bytes of a text; WeCom takes 2048, the least of all.
_MOST_BYTES: Final = 2000
#: As much of an answer as is read.
MOST_ANSWER_BYTES: Final = 16_384
#: Codes after which a later attempt may succeed: too many messages, or the service is busy.
_LATER: Final = frozenset((-1, 130101, 410100, 45009, 45033, 9499, 11232))
_UNREADABLE: Final = "the robot's answer is not readable"


@dataclass(frozen=True, slots=True)
class ChatRobot:
    """A service of robots: where its addresses lead, as patterns of host and path."""

    name: str
    host: re.Pattern[str]
    path: re.Pattern[str]
    content_type: str = "application/json"


def _robot(name: str, host: str, path: str, content_type: str = "application/json") -> ChatRobot:
    return ChatRobot(name, re.compile(host), re.compile(path), content_type)


ROBOTS: Final = (
    _robot("dingtalk", r"oapi\.dingtalk\.com", r"/robot/send\?access_token=.+"),
    _robot("wecom", r"qyapi\.weixin\.qq\.com", r"/cgi-bin/webhook/send\?key=.+"),
    _robot("feishu", r"open\.(feishu\.cn|larksuite\.com)", r"/open-apis/bot/v2/hook/.+"),
    _robot("telegram", r"api\.telegram\.org", r"/bot[^/?]+/sendMessage\?chat_id=.+"),
    # A server of one's own is known by the name that its documentation gives it.
    _robot("ntfy", r"ntfy\..+", r"/[-_A-Za-z0-9]{1,64}(\?.*)?", "text/plain; charset=utf-8"),
)


def robot_of(url: str) -> ChatRobot | None:
    """Return the service to whose robot a URL leads, or None."""
    try:
        target = parse_target(url)
    except ValueError:
        return None
    host = target.host.rstrip(".")
    return next((one for one in ROBOTS if one.host.fullmatch(host) and one.path.fullmatch(target.path)), None)


def robot_body(robot: ChatRobot, notice_body: str) -> bytes:
    """Return the message of a notification in the form of a service."""
    content: dict[str, Any] = msgspec.json.decode(notice_body)
    text = "\n".join(part for part in (f"{KEYWORD} · {content['title']}", str(content["text"])) if part)
    text = text.encode()[:_MOST_BYTES].decode(errors="ignore")
    match robot.name:
        case "ntfy":
            return text.encode()
        case "telegram":
            return msgspec.json.encode({"text": text})
        case "feishu":
            return msgspec.json.encode({"msg_type": "text", "content": {"text": text}})
        case _:
            return msgspec.json.encode({"msgtype": "text", "text": {"content": text}})


def robot_outcome(robot: ChatRobot, answer: bytes) -> DeliveryOutcome:
    """Return what a service's answer with status 200 says of a message."""
    try:
        said = msgspec.json.decode(answer)
    except msgspec.DecodeError:
        return DeliveryOutcome("later", _UNREADABLE)
    if not isinstance(said, dict):
        return DeliveryOutcome("later", _UNREADABLE)
    if robot.name in {"telegram", "ntfy"}:  # refusals have a status of their own
        is_taken = said.get("ok") is True or said.get("event") == "message"
        return DeliveryOutcome("delivered") if is_taken else DeliveryOutcome("later", _UNREADABLE)
    code = next((said[name] for name in ("errcode", "code", "StatusCode") if name in said), None)
    if code == 0:
        return DeliveryOutcome("delivered")
    reason = str(said.get("errmsg") or said.get("msg") or said.get("StatusMessage") or "")[:200]
    sentence = f"the robot refused the message with code {code} ({reason or 'no reason'})"
    if code is None or code in _LATER:
        return DeliveryOutcome("later", sentence)
    return DeliveryOutcome("refused", f"{sentence}: check its address, and set {KEYWORD} as its keyword")
