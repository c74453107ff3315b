"""Chat robots are recognised by their address, get the form that they accept, and their answer is read."""

from __future__ import annotations

import json

import pytest

from headland.alarms.notification.chat_robots import ROBOTS, robot_body, robot_of, robot_outcome

NOTICE = json.dumps({"title": "紧急：gh-1 棚内霜冻", "text": "gh-1（武汉）：气温 1.2 ℃", "alarms": []})


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://oapi.dingtalk.com/robot/send?access_token=abc", "dingtalk"),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1-2", "wecom"),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/abc", "feishu"),
        ("https://open.larksuite.com/open-apis/bot/v2/hook/abc", "feishu"),
        ("https://OAPI.dingtalk.com/robot/send?access_token=abc", "dingtalk"),
        ("https://api.telegram.org/bot123:AB-c/sendMessage?chat_id=-100", "telegram"),
        ("https://ntfy.sh/farm_7-alarms", "ntfy"),
        ("https://ntfy.coop.example/farm?priority=high", "ntfy"),
        ("https://api.telegram.org/bot123:AB-c/getUpdates", None),
        ("https://api.telegram.org/bot123:AB-c/sendMessage", None),
        ("https://ntfy.sh/v1/farm", None),
        ("https://oapi.dingtalk.com/topapi/message", None),
        ("https://oapi.dingtalk.com.example.org/robot/send?access_token=abc", None),
        ("https://example.org/robot/send?access_token=abc", None),
        ("no address", None),
    ],
)
def test_a_robot_is_known_by_its_address(url: str, name: str | None) -> None:
    robot = robot_of(url)
    assert (None if robot is None else robot.name) == name


def test_each_service_gets_a_text_in_its_own_form_with_the_keyword() -> None:
    bodies = {robot.name: robot_body(robot, NOTICE) for robot in ROBOTS}
    text = "Headland · 紧急：gh-1 棚内霜冻\ngh-1（武汉）：气温 1.2 ℃"
    assert bodies.pop("ntfy").decode() == text
    assert {name: json.loads(body) for name, body in bodies.items()} == {
        "telegram": {"text": text},
        "dingtalk": {"msgtype": "text", "text": {"content": text}},
        "wecom": {"msgtype": "text", "text": {"content": text}},
        "feishu": {"msg_type": "text", "content": {"text": text}},
    }


def test_a_long_text_is_cut_at_a_whole_letter_within_the_services_limit() -> None:
    long = json.dumps({"title": "霜" * 3000, "text": ""})
    content = json.loads(robot_body(ROBOTS[1], long))["text"]["content"]
    assert 1990 < len(content.encode()) <= 2000
    assert content.endswith("霜")


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (b'{"errcode":0,"errmsg":"ok"}', "delivered"),
        (b'{"code":0,"msg":"success","data":{}}', "delivered"),
        (b'{"StatusCode":0,"StatusMessage":"success"}', "delivered"),
        (b'{"errcode":310000,"errmsg":"keywords not in content"}', "refused"),
        (b'{"errcode":93000,"errmsg":"invalid webhook url"}', "refused"),
        (b'{"code":19024,"msg":"Key Words Not Found"}', "refused"),
        (b'{"errcode":45009,"errmsg":"api freq out of limit"}', "later"),
        (b'{"errcode":-1,"errmsg":"system busy"}', "later"),
        (b"{}", "later"),
        (b"[]", "later"),
        (b"<html>", "later"),
    ],
)
def test_an_answer_with_status_200_is_a_delivery_only_with_code_0(answer: bytes, result: str) -> None:
    outcome = robot_outcome(ROBOTS[0], answer)
    assert outcome.result == result
    assert (outcome.detail == "") == (result == "delivered")


@pytest.mark.parametrize(
    ("name", "answer", "result"),
    [
        ("telegram", b'{"ok":true,"result":{"message_id":7}}', "delivered"),
        ("telegram", b'{"ok":false,"description":"?"}', "later"),
        ("ntfy", b'{"id":"x","time":1,"event":"message","topic":"farm"}', "delivered"),
        ("ntfy", b'{"errcode":0}', "later"),
    ],
)
def test_telegram_and_ntfy_say_in_their_own_words_that_they_took_it(name: str, answer: bytes, result: str) -> None:
    robot = next(each for each in ROBOTS if each.name == name)
    assert robot_outcome(robot, answer).result == result
