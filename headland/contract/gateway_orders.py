"""Orders of a farm to a gateway about its sources, and the gateway's answers: the topics `order` and `answer`.

An order is for one run of one gateway (`instance`), at its moment (`t`) which is later than that of the order before:
sent again, sent late or to a later run, it is not carried out. It is signed with the gateway's ack key, and so is its
answer; a gateway without a key takes no orders.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from headland.contract.ack_keys import is_of_key, mac_of
from headland.contract.records import NAME, Record
from headland.units_of_time import MINUTE_MS

VERSION: Final = 1
MAX_ORDER_BYTES: Final = 64 * 1024
#: For so long an order may be carried out; the clocks of farm and gateway may differ by as much.
ORDER_LIFE_MS: Final = 2 * MINUTE_MS
#: What a survey finds is cut to this many sources and devices.
MOST_FOUND: Final = 16
MOST_DEVICES: Final = 24
MOST_CHANNELS: Final = 64
MOST_SENSORS: Final = 100
_HOSTILE: Final = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)
_PURPOSE: Final = "order of Headland 1"

WireName = Annotated[str, Meta(pattern=rf"^{NAME.pattern}$")]
Host = Annotated[str, Meta(min_length=1, max_length=255)]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Short = Annotated[str, Meta(max_length=256)]


class SensorChannel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number of a sensor, and the channel that it is."""

    key: Annotated[Short, "The sensor's name for it; of a register `function:address:type`."]
    channel: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*(:[0-9]{1,3})?$", max_length=100)]
    unit: Annotated[str, Meta(max_length=32), "Its unit; empty where each message states it."] = ""
    scale: Annotated[float, "Factor to this unit."] = 1.0


class SensorDevice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device of a source: the source's own name for it, and its id in the farm."""

    match: Annotated[str, Meta(min_length=1, max_length=256), "The source's name for it."]
    device: Annotated[WireName, "Its id in the farm."]
    kind: Annotated[WireName, "Kind of device."] = "greenhouse"


class SensorSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A source that the farm gave to a gateway. `format` to `skip` are of MQTT, `unit` and `registers` of Modbus."""

    name: Annotated[WireName, "Its name at the gateway."]
    type: Annotated[Literal["mqtt", "modbus_tcp"], "How it is read."]
    host: Annotated[Host, "Address of the broker or device."]
    port: Annotated[Port, "Port of it."]
    username: Annotated[Short | None, "Login at the broker."] = None
    password: Annotated[Short | None, "Password of the login; never in an answer."] = None
    format: Annotated[Short, "Format of the messages."] = ""
    topic: Annotated[Short, "Topic filter, prefix or base topic."] = ""
    device_level: Annotated[Annotated[int, Meta(ge=1, le=32)] | None, "Level of the topic that names the device."] = (
        None
    )
    device_from: Annotated[tuple[Short, ...], "Paths in the payload that name the device."] = ()
    skip: Annotated[tuple[Short, ...], "Filters of topics that another source reads."] = ()
    unit: Annotated[int, Meta(ge=0, le=255), "Modbus unit."] = 1
    registers: Annotated[str, Meta(pattern="^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$"), "Built-in register map."] = ""
    channels: Annotated[tuple[SensorChannel, ...], Meta(max_length=MOST_CHANNELS), "Its numbers."] = ()
    devices: Annotated[tuple[SensorDevice, ...], Meta(max_length=MOST_DEVICES), "Its devices; others are ignored."] = ()

    def __repr__(self) -> str:
        """Return the source without its login, as it may be in a log."""
        return f"SensorSource(name={self.name!r}, type={self.type!r}, host={self.host!r}, port={self.port})"


class SurveyBroker(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="survey_mqtt"):
    """Order to listen to a broker."""

    host: Annotated[Host, "Address of the broker, as the gateway reaches it."] = "127.0.0.1"
    port: Annotated[Port, "Port of it."] = 1883
    username: Annotated[Short | None, "Login at the broker."] = None
    password: Annotated[Short | None, "Password of the login."] = None
    seconds: Annotated[float, Meta(ge=1, le=120), "How long [s]."] = 15.0

    def __repr__(self) -> str:
        """Return the order without its login, as it may be in a log."""
        return f"SurveyBroker(host={self.host!r}, port={self.port}, seconds={self.seconds})"


class SurveyModbus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="survey_modbus"):
    """Order to ask the units behind a Modbus TCP address."""

    host: Annotated[Host, "Address of the device, as the gateway reaches it."]
    port: Annotated[Port, "Port of it."] = 502
    first_unit: Annotated[int, Meta(ge=0, le=255), "First unit to ask."] = 1
    last_unit: Annotated[int, Meta(ge=0, le=255), "Last unit to ask."] = 5


class SurveyResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="survey_result"):
    """Question for what the last survey found."""


class PutSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="put_source"):
    """Order to read a source from now on; one of the same name is replaced."""

    source: Annotated[SensorSource, "The source."]


class RemoveSource(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="remove_source"):
    """Order to read a source no more; what it delivered remains."""

    name: Annotated[WireName, "Its name at the gateway."]


class ListSources(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="list_sources"):
    """Question for the sources that the farm gave."""


Order = SurveyBroker | SurveyModbus | SurveyResult | PutSource | RemoveSource | ListSources


class NewOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order to a gateway."""

    EXAMPLE: ClassVar = {"order": {"type": "survey_mqtt", "host": "127.0.0.1", "port": 1883, "seconds": 15}}

    order: Annotated[
        Order,
        "survey_mqtt and survey_modbus begin a survey, survey_result asks for it; put_source, remove_source and "
        "list_sources are of what the gateway reads.",
    ]


class FoundDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device of a found source, with its last values in the units of their channels."""

    match: Annotated[str, "The source's name for it."]
    model: Annotated[str, "Its model, where known."] = ""
    values: Annotated[dict[str, float | None], "Values by channel, as they would be stored."] = {}


class FoundNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number that needs a person: its unit or what it measures is not stated."""

    key: Annotated[str, "The sensor's name for it; of a register `function:address:type`."]
    value: Annotated[str, "As it was heard."]
    channel: Annotated[str, "What it probably is; empty where nothing says, and where its place is open."] = ""
    unit: Annotated[str | None, "Unit that is stated, empty where each message states it; null where none is."] = None
    about: Annotated[
        Literal["", "soil", "water", "outside"],
        "What its device is about as well, so that it is open whether the number is of that or of the air.",
    ] = ""
    choices: Annotated[tuple[str, ...], "Channels of which one is right, where its place is open."] = ()


class FoundSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source that a survey found: ready to be read, and tried on what was heard."""

    source: Annotated[SensorSource, "Its settings, with the channels whose units are stated."]
    devices: Annotated[tuple[FoundDevice, ...], "Its devices with their values."] = ()
    unclear: Annotated[tuple[FoundNumber, ...], "Numbers that need a person."] = ()


class AnswerState(StrEnum):
    """What became of an order."""

    APPLIED = "applied"
    DONE = "done"
    RUNNING = "running"
    REFUSED = "refused"


class GatewayAnswer(Record, frozen=True, kw_only=True):
    """Answer of a gateway to an order; `why` is a sentence where it refused."""

    v: Annotated[int, "Version of the message."]
    gw: Annotated[str, "The gateway."]
    id: Annotated[str, "The order's id."]
    state: Annotated[AnswerState, "applied, done, running or refused."]
    why: Annotated[str, "Why it was refused, or what a survey could not do; empty otherwise."] = ""
    found: Annotated[tuple[FoundSource, ...], "What a survey found."] = ()
    sources: Annotated[tuple[SensorSource, ...], "Sources that the farm gave, without passwords."] = ()
    mac: Annotated[str, "Signature by the gateway's key."] = ""


class OrderOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an order, for whoever gave it."""

    state: Annotated[AnswerState, "applied, done, running or refused."]
    why: Annotated[str, "Why it was refused, or what a survey could not do; empty otherwise."] = ""
    why_zh: Annotated[str, "The same in Chinese; empty where it has none."] = ""
    found: Annotated[tuple[FoundSource, ...], "What a survey found."] = ()
    sources: Annotated[tuple[SensorSource, ...], "Sources that the farm gave, without passwords."] = ()


class _SignedOrder(Record, frozen=True, kw_only=True):
    """The message of an order; `t` is when it was given, by the farm's clock."""

    v: int
    gw: str
    instance: str
    id: WireName
    t: int
    order: msgspec.Raw
    mac: str


class GatewayRun(msgspec.Struct, frozen=True):
    """One run of a gateway: `instance` is new with each start of its process."""

    gateway: str
    instance: str


class ReceivedOrder(msgspec.Struct, frozen=True):
    """A genuine order, with its id and when it was given [epoch ms]."""

    id: str
    t_ms: int
    order: Order

    def is_current(self, now_ms: int) -> bool:
        """Return whether it may be carried out now, by the gateway's clock."""
        return abs(now_ms - self.t_ms) <= ORDER_LIFE_MS


def offline_sentence(gateway: str) -> str:
    """Return why an order was not sent to a gateway that is not online."""
    return f"the gateway {gateway} is offline: start it, then try again"


def encode_order(run: GatewayRun, order_id: str, t_ms: int, order: Order, key: str) -> bytes:
    """Return the message of an order that is given at `t_ms` [epoch ms] to one run of a gateway."""
    content = msgspec.json.encode(order)
    mac = mac_of(_signed("order", run, f"{order_id}\n{t_ms}", content), key)
    message = _SignedOrder(
        v=VERSION, gw=run.gateway, instance=run.instance, id=order_id, t=t_ms, order=msgspec.Raw(content), mac=mac
    )
    return msgspec.json.encode(message)


def decode_order(payload: bytes, run: GatewayRun, key: str | None) -> ReceivedOrder | str:
    """Return a genuine order for this run of a gateway, or in one word why it is none. Never raises."""
    if key is None:
        return "no_key"
    if len(payload) > MAX_ORDER_BYTES:
        return "too_large"
    try:
        message = msgspec.json.decode(payload, type=_SignedOrder)
        content = bytes(message.order)
        addressed = GatewayRun(message.gw, message.instance)
        if not is_of_key(message.mac, _signed("order", addressed, f"{message.id}\n{message.t}", content), key):
            return "not_signed"
        if addressed != run:
            return "not_for_this_run"
        return ReceivedOrder(message.id, message.t, msgspec.json.decode(content, type=Order))
    except _HOSTILE:
        return "not_readable"


def encode_answer(answer: GatewayAnswer, key: str) -> bytes:
    """Return a signed answer."""
    bare = msgspec.structs.replace(answer, mac="")
    mac = mac_of(_signed("answer", GatewayRun(answer.gw, ""), answer.id, msgspec.json.encode(bare)), key)
    return msgspec.json.encode(msgspec.structs.replace(answer, mac=mac))


def decode_answer(payload: bytes, gateway: str, order_id: str, key: str) -> GatewayAnswer | None:
    """Return the genuine answer of a gateway to an order; None for anything else. Never raises."""
    try:
        answer = msgspec.json.decode(payload, type=GatewayAnswer)
        bare = msgspec.json.encode(msgspec.structs.replace(answer, mac=""))
        genuine = is_of_key(answer.mac, _signed("answer", GatewayRun(gateway, ""), order_id, bare), key)
    except _HOSTILE:
        return None
    return answer if genuine and (answer.gw, answer.id) == (gateway, order_id) else None


def _signed(what: str, run: GatewayRun, which: str, content: bytes) -> str:
    return f"{_PURPOSE}\n{what}\n{run.gateway}\n{run.instance}\n{which}\n{content.decode()}"
