"""EPCIS events of a lot: its harvests with the climate they grew in, mixing, splitting and packing, and sales."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from headland.analysis.lots.happenings import Happening
from headland.analysis.lots.lot_history import LotHarvest, LotHistory
from headland.analysis.plant_protection.harvest_review import HarvestBreach
from headland.formats.epcis.digital_link import CANONICAL, batch_path
from headland.formats.epcis.documents import capture_own
from headland.formats.epcis.event_hash import hash_event
from headland.formats.epcis.events import (
    NAMESPACE,
    EpcisEvent,
    EpcisPlace,
    EpcisQuantity,
    ObjectEvent,
    SensorElement,
    SensorMetadata,
    SensorReport,
    TransformationEvent,
    encode_event,
    time_ms_of,
)
from headland.formats.epcis.vocabulary import CONTEXT, namespaces_of
from headland.registry.models.lots import Lot, LotMass, LotOperation, OperationKind
from headland.registry.repositories.harvest.epcis_events import CapturedEvent

_CONTEXT = [CONTEXT, {"headland": NAMESPACE}]


def events_of_lot(
    organisation: str, history: LotHistory, lots: Mapping[str, Lot], gtin: str | None
) -> list[EpcisEvent]:
    """Return the events of a lot from its harvests on; `lots` has those that its operations name, by id.

    A lot without a GTIN has a name of this organisation.
    """
    names = {
        id_: lot_name(organisation, lot.code, gtin if id_ == history.lot.id else None) for id_, lot in lots.items()
    }
    zone = history.time_zone
    events: list[EpcisEvent] = [
        _harvest_event(organisation, share, list(_weeks_of(history.happenings, share)), history)
        for share in history.harvests
    ]
    for operation in history.operations:
        made = _operation_event(operation, names, zone)
        if made is not None:
            events.append(made)
    return sorted(events, key=lambda event: time_ms_of(event.event_time))


def is_public(event: CapturedEvent, organisation: str, history: LotHistory, gtin: str | None) -> bool:
    """Tell whether an event says nothing of other lots or of sales: it names this lot and its harvests alone."""
    own = {lot_name(organisation, history.lot.code, gtin)}
    own |= {f"urn:headland:{organisation}:harvest:{share.harvest.id}" for share in history.harvests}
    return event.biz_step != "shipping" and own.issuperset(event.identifiers)


def lot_name(organisation: str, code: str, gtin: str | None) -> str:
    """Return the identifier of a lot in events."""
    return f"urn:headland:{organisation}:lot:{code}" if gtin is None else f"{CANONICAL}{batch_path(gtin, code)}"


def captured(event: EpcisEvent) -> CapturedEvent:
    """Return an event as it is stored."""
    return capture_own(encode_event(event), _CONTEXT)


def holding_event(breach: HarvestBreach, name: str, grams: int) -> EpcisEvent:
    """Return the event of a lot that may not be sold: it was harvested within the interval of a treatment.

    It is not captured: it is from the time at which the treatment was entered, as long as that stands.
    """
    time, offset = _local(breach.interval.treatment.created_ms, breach.place.time_zone)
    event = ObjectEvent(
        event_time=time,
        event_time_zone_offset=offset,
        action="OBSERVE",
        biz_step="holding",
        disposition="non_sellable_other",
        quantity_list=(EpcisQuantity(epc_class=name, quantity=grams / 1000.0, uom="KGM"),),
    )
    return msgspec.structs.replace(event, event_id=hash_event(encode_event(event), namespaces_of(_CONTEXT)))


def _harvest_event(organisation: str, share: LotHarvest, weeks: list[Happening], history: LotHistory) -> ObjectEvent:
    harvest, zone = share.harvest, share.place.time_zone
    time, offset = _local(harvest.time_ms, zone)
    ilmd: dict[str, object] = {"headland:crop": harvest.crop, "headland:evidence": str(harvest.evidence)}
    if harvest.variety:
        ilmd["headland:variety"] = harvest.variety
    if history.lot.simulated:
        ilmd["headland:simulated"] = "true"
    return ObjectEvent(
        event_time=time,
        event_time_zone_offset=offset,
        action="ADD",
        biz_step="commissioning",
        disposition="active",
        quantity_list=(
            EpcisQuantity(
                epc_class=f"urn:headland:{organisation}:harvest:{harvest.id}",
                quantity=harvest.grams / 1000.0,
                uom="KGM",
            ),
        ),
        read_point=EpcisPlace(id=f"urn:headland:{organisation}:place:{share.place.id}"),
        sensor_element_list=tuple(_sensors(week, zone) for week in weeks),
        ilmd=ilmd,
    )


def _operation_event(operation: LotOperation, names: Mapping[str, str], zone: ZoneInfo) -> EpcisEvent | None:
    time, offset = _local(operation.time_ms, zone)
    inputs, outputs = _quantities(operation.inputs, names), _quantities(operation.outputs, names)
    if operation.kind in (OperationKind.MIX, OperationKind.SPLIT, OperationKind.PACK, OperationKind.PROCESS):
        step = "packing" if operation.kind is OperationKind.PACK else "creating_class_instance"
        return TransformationEvent(
            event_time=time,
            event_time_zone_offset=offset,
            biz_step=step,
            input_quantity_list=inputs,
            output_quantity_list=outputs,
        )
    if operation.kind is OperationKind.SELL:
        return ObjectEvent(
            event_time=time,
            event_time_zone_offset=offset,
            action="OBSERVE",
            biz_step="shipping",
            disposition="in_transit",
            quantity_list=inputs,
        )
    if operation.kind is OperationKind.HARVEST and outputs:
        return ObjectEvent(
            event_time=time,
            event_time_zone_offset=offset,
            action="ADD",
            biz_step="creating_class_instance",
            disposition="active",
            quantity_list=outputs,
        )
    return None


def _quantities(masses: tuple[LotMass, ...], names: Mapping[str, str]) -> tuple[EpcisQuantity, ...]:
    return tuple(EpcisQuantity(epc_class=names[mass.lot], quantity=mass.grams / 1000.0, uom="KGM") for mass in masses)


def _weeks_of(happenings: list[Happening], share: LotHarvest) -> Iterator[Happening]:
    yield from (each for each in happenings if each.kind == "climate_week" and each.harvest == share.harvest.id)


def _sensors(week: Happening, zone: ZoneInfo) -> SensorElement:
    figures = week.figures
    reports = [
        SensorReport(
            type="Temperature",
            min_value=figures.get("air_temperature_low_degc"),
            max_value=figures.get("air_temperature_high_degc"),
            mean_value=figures.get("air_temperature_mean_degc"),
            uom="CEL",
        )
    ]
    humidity = figures.get("relative_humidity_mean_pct")
    if humidity is not None:
        reports.append(SensorReport(type="RelativeHumidity", mean_value=humidity, uom="P1"))
    start, end = (_local(time_ms, zone)[0] for time_ms in (week.start_ms, week.end_ms))
    return SensorElement(sensor_metadata=SensorMetadata(start_time=start, end_time=end), sensor_report=tuple(reports))


def _local(time_ms: int, zone: ZoneInfo) -> tuple[str, str]:
    moment = datetime.fromtimestamp(time_ms / 1000.0, UTC).astimezone(zone)
    text = moment.isoformat(timespec="milliseconds")
    return text, text[-6:]
