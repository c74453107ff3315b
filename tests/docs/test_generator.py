"""The generator of the reference: what it makes of docstrings, structs, options and formulas."""

from __future__ import annotations

from docs.generator import commands, methods, routes, settings
from docs.generator.docstrings import docstring_to_markdown
from docs.generator.tables import table
from headland.i18n import LANGUAGES, find_term


def test_sources_terms_and_drawings_of_a_docstring_keep_their_form() -> None:
    text = """Return a value [kPa].

    value
        The number, in its
        unit.
    n
        How many.

        a --> b

    Sources
    -------
    .. [1] Allen et al. (1998): `FAO_56`,
       chapter 3.
    .. [2] WMO.
    """
    assert docstring_to_markdown(text) == (
        "Return a value \\[kPa\\].\n\n"
        "- **value**: The number, in its unit.\n- **n**: How many.\n\n"
        "```text\na --> b\n```\n\n"
        "**Sources**\n\n- \\[1\\] Allen et al. (1998): `FAO_56`, chapter 3.\n- \\[2\\] WMO."
    )


def test_a_table_escapes_what_would_end_a_cell() -> None:
    assert table(["a"], [("x|y\nz",)]) == "| a |\n| --- |\n| x\\|y z |"


def test_settings_have_their_bounds_and_defaults() -> None:
    page = settings.to_markdown()
    assert "| `port` | integer ≥ 1 ≤ 65535 | `1883` |" in page
    assert "| `thin_every` | integer ≥ 2 ≤ 50 | `10` |" in page
    assert '### `[[source]] type = "modbus_rtu"`' in page
    assert "**required**" in page
    for title in ("[gateway]", "[broker.tls]", "[spool]", "[batch]", "[[channel]]", "[channel.quality]", "[[alarm]]"):
        assert f"### `{title}`" in page, title


def test_settings_of_ingest_and_limits_of_the_api_have_their_bounds() -> None:
    page = settings.ingest_to_markdown()
    assert "| `keepalive_s` | 5 to 3600 | `30` |" in page
    assert "| `session_expiry_s` | 60 to 4294967294 | `604800` |" in page
    assert "| `batch_messages` | 1 to receive_maximum // 3 | `250` |" in page
    assert "| `quarantine_path` |  | **required** |" in page
    assert "| `HEADLAND_ANSWER_S` | 1 to 3600 | `60` |" in settings.limits_to_markdown()


def test_exit_codes_are_those_of_the_code() -> None:
    assert "| 130 | " in commands.exit_codes_to_markdown()


def test_options_have_their_choices_defaults_and_variables() -> None:
    page = commands.to_markdown()
    assert "| `--broker` | `auto`, `mosquitto`, `iotcore` | `auto` |" in page
    assert "Environment: `HEADLAND_STORE_URL`." in page
    assert "## headland ingest quarantine replay" in page


def test_routes_have_their_parameters_and_bounds() -> None:
    page = routes.to_markdown()
    assert "#### GET /v1/devices/{device}/series" in page
    assert "| `limit` | query | integer ≥ 1 ≤ 1000 default `1000` |" in page


def test_a_method_whose_id_is_an_argument_is_found_through_its_calls() -> None:
    known = {name: source for name, _, source in methods.methods()}
    assert "Broome" in known["botrytis_index"]
    assert "FAO" in known["vapour_pressure_deficit"]


def test_every_method_has_a_name_in_both_languages() -> None:
    known = {name for name, _, _ in methods.methods() if methods.UNKNOWN not in name}
    assert len(known) > 60
    assert {name for name in known if not all(find_term("methods", name, language) for language in LANGUAGES)} == set()
