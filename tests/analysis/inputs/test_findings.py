import msgspec
import pytest

from headland.agronomy.series.finding import Mend, SensorFinding
from headland.analysis.inputs.answers import DeviceFinding, finding_of
from headland.i18n import load_terms

MEND = Mend("set_field", "site", "s1", "longitude_deg", 119.0, -119.0)


def finding(cause: str | None, mend: Mend | None = None, **facts: str) -> SensorFinding:
    chance = None if cause is None else 0.98
    return SensorFinding("global_radiation_w_m2", "light", 4, 9, 0, 1, True, "", cause, chance, facts, mend)


def test_a_finding_with_a_cause_tells_the_remedy_in_both_languages() -> None:
    told = finding_of("st", finding("longitude_sign", MEND, longitude="119", after="-119", noon="23:40"))
    assert told.text == "The site's longitude 119 has the wrong sign: noon by the light is at 23:40. Set -119."
    assert told.text_zh is not None
    assert "23:40" in told.text_zh
    assert (told.cause, told.chance, told.mend) == ("longitude_sign", 0.98, MEND)
    assert msgspec.convert(msgspec.to_builtins(told), DeviceFinding) == told


def test_a_finding_without_a_cause_has_no_text() -> None:
    told = finding_of("st", finding(None))
    assert (told.cause, told.chance, told.text, told.text_zh, told.mend) == (None, None, None, None, None)


@pytest.mark.parametrize(("target", "target_id"), [("device", "st"), ("channel", "st/global_radiation_w_m2")])
def test_a_mend_of_a_channel_names_its_device(target: str, target_id: str) -> None:
    mend = msgspec.convert(
        {"kind": "calibrate", "target": target, "target_id": "", "field": "factor", "before": 1.0, "after": 2.02}, Mend
    )
    told = finding_of("st", finding("unit_lux", mend, top="90000", unit="lx"))
    assert told.mend is not None
    assert told.mend.target_id == target_id


def test_the_texts_of_a_cause_have_the_same_places_in_both_languages() -> None:
    for texts in load_terms()["finding_causes"].values():
        places = [{part.partition("}")[0] for part in texts[language].split("{")[1:]} for language in ("en", "zh")]
        assert places[0] == places[1]
