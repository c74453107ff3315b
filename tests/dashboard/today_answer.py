"""Answers of today for tests of the page alone: farms in states that a real farm is seldom in, all at once."""

from __future__ import annotations

import math
from typing import Any, Final

HOUR_MS: Final = 3_600_000
#: 2026-12-01 12:24 in Shanghai.
NOON_MS: Final = 1_796_099_040_000
ZONE: Final = "Asia/Shanghai"
_MIDNIGHT_MS: Final = NOON_MS - NOON_MS % HOUR_MS - 12 * HOUR_MS
_START_MS: Final = _MIDNIGHT_MS + 10 * HOUR_MS
_HOURS: Final = [_START_MS + hour * HOUR_MS for hour in range(27)]

Answer = dict[str, Any]
NOBODY: Final[Answer] = {
    "people": 0, "tried_ms": None, "state": "none", "confirmed": 0, "failing": 0, "confirmed_ms": None,
}  # fmt: skip


def at(hour: float) -> int:
    """Return the instant of an hour since the midnight of today."""
    return _MIDNIGHT_MS + int(hour * HOUR_MS)


#: Two people have confirmed a message, and nothing failed since.
CONFIRMED: Final[Answer] = {
    **NOBODY, "people": 2, "tried_ms": at(8.2), "state": "confirmed", "confirmed": 2, "confirmed_ms": at(8.3),
}  # fmt: skip

#: The one gateway reports, and nothing waits there.
_NOTHING_WAITS: Final[Answer] = {
    "gateways": 1, "known": 1, "records": 0, "oldest_ms": None, "is_behind": False, "unheard": [],
    "devices_without_gateway": 0,
}  # fmt: skip
ALL_HERE: Final[Answer] = {
    "complete": True, "last_ms": NOON_MS, "missing": [], "waiting": 0, "at_gateways": _NOTHING_WAITS,
}  # fmt: skip


def _night_curve(high: float, low: float) -> list[float]:
    """Return 27 temperatures from 10:00 on that are lowest at 6:00."""
    curve = []
    for hour in range(10, 37):
        if hour <= 14:
            share = 1 - 0.15 * abs(14 - hour) / 4
        elif hour <= 30:
            share = math.exp(-(hour - 14) / 4.2)
        else:
            share = math.sin((hour - 30) / 6 * math.pi / 2) * 0.95
        curve.append(round(low + (high - low) * max(0.0, share), 2))
    return curve


def house_strip(
    label: tuple[str, str],
    *,
    high: float,
    low: float,
    dew_low: float,
    wet: tuple[float, float] | None = None,
    avoided: tuple[tuple[float, float], ...] = (),
    frost: tuple[float, float] | None = None,
    act: tuple[float, float] | None = None,
    until: float = 99.0,
) -> Answer:
    """Return the strip of a house; values after the hour `until` are not known."""
    air = _night_curve(high, low)
    dew = [round(value * 0.75 + dew_low, 2) for value in _night_curve(high - 4, low)]
    dew = [round(d + (dew_low - min(dew)), 2) for d in dew]
    leaf = [round(value - (0.9 if 16 <= 10 + index <= 31 else -0.3), 2) for index, value in enumerate(air)]
    known = [10 + index <= until for index in range(27)]
    cut = [
        [value if is_known else None for value, is_known in zip(line, known, strict=True)] for line in (air, leaf, dew)
    ]
    shown = cut[0] if frost else cut[1]
    lowest = min(((v, t) for v, t in zip(shown[4:], _HOURS[4:], strict=True) if v is not None), default=None)

    def spans(*given: tuple[float, float] | None) -> list[list[int]]:
        return [[at(a), at(b)] for span in given if span is not None for a, b in [span]]

    empty: dict[str, list[list[int]]] = {"wet": [], "frost": [], "heat": []}
    return {
        "start_ms": _START_MS,
        "end_ms": at(36),
        "night": [[at(17), at(30.8)]],
        "act": None if act is None else [at(act[0]), at(act[1])],
        "label": label[0],
        "label_zh": label[1],
        "field": None,
        "house": {
            "time_ms": _HOURS,
            "air_degc": cut[0],
            "leaf_degc": cut[1],
            "dew_point_degc": cut[2],
            "air_low_degc": [None] * 27,
            "air_high_degc": [None] * 27,
            "leaf_estimated": False,
            "limit": {"value_degc": 2.0, "kind": "frost"} if frost else None,
            "hazards": {**empty, "wet": spans(wet), "frost": spans(frost)},
            "avoided": {**empty, "wet": spans(*avoided) if wet else [], "frost": spans(*avoided) if frost else []},
            "lowest": None if lowest is None else {"time_ms": lowest[1], "value_degc": lowest[0]},
        },
    }


def field_strip(label: tuple[str, str], *, act: tuple[float, float] | None, fit: tuple[float, float]) -> Answer:
    """Return the strip of a field: wind rises tomorrow, and it rains from ten."""
    wind = [round(2.2 + (0 if hour < 28 else 0.6 * (hour - 28)), 1) for hour in range(10, 37)]
    rain = [0.0 if hour < 34 else round(0.7 * (hour - 33), 1) for hour in range(10, 37)]
    field = {
        "kind": "liquid",
        "time_ms": _HOURS,
        "wind_m_s": wind,
        "limit_m_s": 5.0,
        "rain_mm": rain,
        "fit": [[at(fit[0]), at(fit[1])]],
    }
    return {
        "start_ms": _START_MS,
        "end_ms": at(36),
        "night": [[at(17), at(30.8)]],
        "act": None if act is None else [at(act[0]), at(act[1])],
        "label": label[0],
        "label_zh": label[1],
        "house": None,
        "field": field,
    }


def action(own_id: str, text: tuple[str, str], reason: tuple[str, str], until: float = 16.5) -> Answer:
    return {
        "id": own_id,
        "actuator": "vents",
        "order": "open",
        "from_ms": NOON_MS,
        "until_ms": at(until),
        "text": text[0],
        "text_zh": text[1],
        "reason": reason[0],
        "reason_zh": reason[1],
        "gain": None,
        "cost": None,
        "gives_up": None,
        "href": None,
    }


def row(own_id: str, name: str, state: str, crop: str | None, **more: Any) -> Answer:
    return {
        "kind": "greenhouse",
        "id": own_id,
        "name": name,
        "crop": crop,
        "site": "home",
        "simulated": True,
        "state": state,
        "state_since_ms": None,
        "current": {"value": 23.6, "unit": "degC", "channel": "air_temperature_degc", "time_ms": NOON_MS},
        "action": None,
        "next_action": None,
        "look_again_ms": None,
        "quiet": {"text": "Nothing to do", "text_zh": "没有事"},
        "questions": [],
        "record": {"right": 27, "n": 30, "least": 10},
        "strip": None,
        "confirmed": None,
        "remaining": None,
        **more,
    }


def wet_house(own_id: str = "h2", name: str = "二号温室") -> Answer:
    label = ("Leaves wet from 17:00 to 7:00. Ventilate until 15:30.", "叶面 17:00 到次日 7:00 湿，现在到 15:30 排湿。")
    strip = house_strip(
        label, high=25, low=10, dew_low=9.7, wet=(17, 31), avoided=((17, 20), (29, 31)), act=(12.5, 15.5)
    )
    text = ("Open the vents 20 cm until 15:30", "开风口 20 厘米，15:30 关")
    reason = ("Leaves wet 14 h tonight; 9 h if you do it", "今夜叶面湿 14 小时，照做减到 9 小时")
    return row(own_id, name, "act", "cucumber", strip=strip, action=action("vents", text, reason, 15.5))


def cold_house() -> Answer:
    label = ("Air falls to 1.4 degrees at 6:00. Quilts by 16:30.", "气温 6:00 降到 1.4 度，16:30 前盖保温被。")
    strip = house_strip(label, high=20, low=1.4, dew_low=-0.4, frost=(29, 31), avoided=((29, 31),), act=(12.5, 16.5))
    text, reason = (
        ("Close the screens by 16:30", "放下保温幕，16:30 前"),
        ("1.4° at 6:00 harms flowers", "明晨 6 时 1.4°，低于 2° 伤花"),
    )
    return row("h3", "三号温室", "act", "strawberry", strip=strip, action=action("screens", text, reason))


def missed_field() -> Answer:
    label = ("Wind below the limit and dry until 16:30.", "16:30 前风小、无雨，可以作业。")
    strip = field_strip(label, act=(12.5, 16.5), fit=(10, 16.5))
    text, reason = (
        ("Fly the missed strip by 16:30", "补飞漏施的 1 条，16:30 前"),
        ("0.10 ha; rain tomorrow", "漏 1.5 亩；明早起风，10 时下雨"),
    )
    return row(
        "f1", "东坡麦田", "act", "wheat", kind="field", current=None, strip=strip, action=action("fly", text, reason)
    )


def watched_house(own_id: str = "h1", name: str = "一号温室", state: str = "watch") -> Answer:
    strip = house_strip(
        ("Dry, 0.6 degrees above the dew point.", "离露点最近 0.6 度，不湿。"), high=23, low=14, dew_low=12.4
    )
    quiet = {
        "text": "Look again at 18:00; 0.6° above dew point at 6:00",
        "text_zh": "现在不用做，18:00 再看，明晨离结露只差 0.6°",
    }
    if state == "calm":
        quiet = {"text": "Nothing to do", "text_zh": "没有事"}
    return row(own_id, name, state, "tomato", strip=strip, quiet=quiet, record={"right": 22, "n": 30, "least": 10})


def calm_field() -> Answer:
    strip = field_strip(("Fit for spraying until 16:30.", "16:30 前可打药。"), act=None, fit=(10, 16.5))
    quiet = {"text": "Nothing to do; fit for spraying until 16:30", "text_zh": "没有事，要打药今天 16:30 前合适"}
    return row("f2", "河西油菜", "calm", "rapeseed", kind="field", current=None, strip=strip, quiet=quiet)


def silent_house() -> Answer:
    strip = house_strip(("No data since 11:00.", "11:00 起没有数据。"), high=23, low=14, dew_low=12, until=11.0)
    text, reason = (
        ("Check the power of the sensor before dark", "查温湿度计电源，天黑前"),
        ("Silent for 1 h 24 min; tonight cannot be judged", "1 小时 24 分没有数据，今夜不能判断"),
    )
    return row(
        "h5",
        "五号温室",
        "silent",
        "pepper",
        current=None,
        strip=strip,
        record=None,
        action=action("power", text, reason),
    )


def unknown_house(own_id: str = "h4", name: str = "四号温室") -> Answer:
    strip = house_strip(("Measured values only.", "只有实测值。"), high=23, low=14, dew_low=12, until=12.4)
    quiet = {"text": "Too early to say; live values only", "text_zh": "还说不准，先看实测"}
    return row(own_id, name, "unknown", "tomato", strip=strip, quiet=quiet, record={"right": 0, "n": 3, "least": 10})


def weather() -> Answer:
    hours = []
    for hour in range(73):
        warm = 5 + 6 * math.sin((hour % 24 - 8) / 24 * 2 * math.pi) - (2 if hour > 24 else 0)
        spread = 0.5 + max(0, hour - 12) * 0.03
        rain = max(0.0, 1.4 - abs(hour - 38) * 0.2)
        hours.append(
            {
                "time_ms": at(hour),
                "air_temperature_degc": round(warm, 1),
                "rain_mm": round(rain, 1),
                "wind_m_s": 3.0,
                "low_degc": round(warm - spread, 1) if hour >= 12 else None,
                "high_degc": round(warm + spread, 1) if hour >= 12 else None,
            }
        )
    days = [
        {
            "day": f"2026-12-0{day + 1}",
            "start_ms": at(24 * day),
            "high_degc": 12.0 - 4 * day,
            "low_degc": 1.0 - day,
            "rain_mm": (0.0, 9.6, 0.0)[day],
            "wind_m_s": (3.1, 6.6, 7.2)[day],
        }
        for day in range(3)
    ]
    return {
        "site": "home",
        "site_name": "home",
        "basis": "corrected",
        "attribution": "Simulated weather provider",
        "attribution_url": "",
        "simulated": True,
        "source": {"text": "Said 20 min ago", "text_zh": "20 分钟前发布"},
        "attribution_zh": "模拟天气预报源",
        "error": None,
        "night": [[at(a), at(b)] for a, b in ((0, 6.8), (17, 30.8), (41, 54.8), (65, 72))],
        "days": days,
        "hours": hours,
        "record": {"text": "temperature within 24 h off by 1.1°", "text_zh": "24 小时内气温误差 1.1°"},
    }


def answer(rows: list[Answer], sentence: tuple[str, str], **more: Any) -> Answer:
    """Return an answer of today about these rows."""
    return {
        "now_ms": NOON_MS,
        "time_zone": ZONE,
        "time_zone_known": True,
        "farm": {"name": "东坡农场"},
        "simulated": True,
        "sentence": {"text": sentence[0], "text_zh": sentence[1]},
        "first": {"text": "First: house 2, open the vents now", "text_zh": "先做：二号温室，现在开风"},
        "making": None,
        "weather": weather(),
        "rows": rows,
        "facts": {
            "alarms": {"open": 1, "unacknowledged": 1},
            "duty": {"names": ["李梅"], "until_ms": at(20)},
            "reach": CONFIRMED,
            "data": ALL_HERE,
        },
        "counts": {"houses": 3, "houses_act": 2, "fields": 2, "fields_act": 1, "missed_strips": 1},
        "done_today": [
            {"time_ms": at(7.3), "by": "张伟", "text": "screens opened", "text_zh": "揭保温幕", "row": "三号温室"}
        ],
        **more,
    }


def five_rows() -> Answer:
    """Return the answer of a farm of three houses and two fields."""
    rows = [wet_house(), cold_house(), missed_field(), watched_house(), calm_field()]
    return answer(rows, ("2 of 3 houses need you, 1 strip missed", "3 个温室有 2 个要处理，麦田漏施 1 条"))


def twenty_houses() -> Answer:
    """Return the answer of a farm of twenty houses, sixteen of them calm, and a field."""
    calm = [watched_house(f"calm-{number}", f"{number} 号", "calm") for number in range(6, 22)]
    rows = [wet_house(), cold_house(), missed_field(), silent_house(), watched_house(), *calm]
    return answer(rows, ("2 of 20 houses need you, 1 is silent", "20 个温室有 2 个要处理，1 个没有数据"))


def first_minutes() -> Answer:
    """Return the answer of a farm whose past is being made."""
    rows = [unknown_house("h2", "二号温室"), unknown_house("h3", "三号温室"), unknown_house("h1", "一号温室")]
    facts = {
        "alarms": {"open": 0, "unacknowledged": 0},
        "duty": {"names": [], "until_ms": None},
        "reach": NOBODY,
        "data": ALL_HERE,
    }
    making = {
        "share": 0.64,
        "eta_ms": NOON_MS + 180_000,
        "text": "The simulated past is being made",
        "text_zh": "正在生成模拟历史数据",
        "steps": {"forecast_ms": NOON_MS + 180_000, "record_ms": None},
    }
    sentence = ("Getting to know your farm: about 3 minutes", "正在认识您的农场，约 3 分钟")
    return answer(rows, sentence, making=making, facts=facts, first=None, done_today=[])


def all_states() -> Answer:
    """Return the answer of a farm with a row in each state."""
    more = {"text": "Half flown, 3 rows missed", "text_zh": "飞到一半，剩 3 行"}
    flights = [
        row(state, name, state, "wheat", kind="field", current=None, strip=missed_field()["strip"], quiet=more)
        for state, name in (("flying", "北坡"), ("interrupted", "南坡"))
    ]
    recalled = {**calm_field(), "id": "f9", "name": "河东", "state": "recalled"}
    rows = [
        recalled,
        wet_house(),
        flights[1],
        flights[0],
        silent_house(),
        unknown_house(),
        watched_house(),
        calm_field(),
    ]
    return answer(rows, ("Eight states of one row", "一行的八种状态"))
