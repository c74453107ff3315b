"""Inventory of personal data: which columns of the registry hold data of a person, of which kind, and which do not.

Purpose, legal basis, time and erasure of each kind are the groups `personal_data...` of `headland.i18n`; what bounds it
is in the table of lifecycles. A test
compares the columns with the tables, so that a new column has a kind or is named as one that holds none.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from headland.registry.lifecycle import Bound
from headland.registry.lifecycle import kind_of_table as lifecycle_of_table


class PersonalKind(StrEnum):
    """Kind of personal data: what is kept of a person for one purpose."""

    PROFILE = "profile"
    SIGN_IN = "sign_in"
    ADDRESSES = "addresses"
    SHARES = "shares"
    ACCOUNT = "account"
    LEDGER = "ledger"
    NOTES = "notes"
    PHOTOS = "photos"
    WORK = "work"
    PLACES = "places"
    PAPERS = "papers"
    CHANGES = "changes"
    REQUESTS = "requests"
    ALARMS = "alarms"
    TRACKS = "tracks"
    FILES = "files"


_K = PersonalKind
#: Columns that name a person or may name one, by table: an erasure takes the names out, or deletes the row.
PERSONAL_COLUMNS: Final[dict[str, dict[str, PersonalKind]]] = {
    "people": dict.fromkeys(("name", "number", "contacts", "note"), _K.PROFILE),
    "members": dict.fromkeys(("subject", "name"), _K.SIGN_IN),
    "api_keys": {"name": _K.SIGN_IN},
    "alarm_recipients": dict.fromkeys(("name", "address", "confirmed_by"), _K.ADDRESSES),
    "alarm_notices": dict.fromkeys(("recipient", "body", "error"), _K.ADDRESSES),
    "alarm_rules": dict.fromkeys(("text", "text_zh", "source", "recipients", "escalation"), _K.ADDRESSES),
    "alarm_watches": {"state": _K.ADDRESSES},
    "duty_rotas": dict.fromkeys(("name", "weekly", "exceptions", "order"), _K.ADDRESSES),
    "maintenance_windows": {"name": _K.ADDRESSES},
    "webhooks": dict.fromkeys(("name", "url"), _K.ADDRESSES),
    "forecast_providers": {"contact": _K.ADDRESSES},
    "account_entries": {"note": _K.ACCOUNT},
    "statements": {"lines": _K.ACCOUNT},
    "statement_runs": {"not_charged": _K.ACCOUNT},
    "tariffs": dict.fromkeys(("name", "operators"), _K.ACCOUNT),
    "subsidy_rules": {"name": _K.ACCOUNT},
    "ledger": dict.fromkeys(("who", "body"), _K.LEDGER),
    "notes": dict.fromkeys(("author", "text"), _K.NOTES),
    "passes": {"note": _K.WORK},
    "treatments": dict.fromkeys(("author", "target", "note"), _K.WORK),
    "harvests": dict.fromkeys(("author", "plot", "note"), _K.WORK),
    "lot_operations": dict.fromkeys(("author", "party", "note"), _K.WORK),
    "irrigations": dict.fromkeys(("author", "note"), _K.WORK),
    "crop_bands": dict.fromkeys(("author", "source"), _K.WORK),
    "confirmations": dict.fromkeys(("author", "note"), _K.WORK),
    "done_actions": {"author": _K.WORK},
    "plot_observations": dict.fromkeys(("collector", "references"), _K.WORK),
    "trials": dict.fromkeys(("name", "treatments", "note"), _K.WORK),
    "germplasm": dict.fromkeys(("name", "breeder", "pedigree", "synonyms", "note"), _K.WORK),
    "seasons": {"name": _K.WORK},
    "prescriptions": dict.fromkeys(("name", "zones"), _K.WORK),
    "farms": dict.fromkeys(("name", "note"), _K.PLACES),
    "fields": dict.fromkeys(("name", "zones", "owner"), _K.PLACES),
    "greenhouses": {"name": _K.PLACES},
    "greenhouse_zones": {"name": _K.PLACES},
    "implements": {"name": _K.PLACES},
    "irrigation_zones": {"name": _K.PLACES},
    "certificates": dict.fromkeys(("product", "origin", "issuer", "contact", "tested"), _K.PAPERS),
    "certificate_entries": dict.fromkeys(("author", "form", "reason"), _K.PAPERS),
    "releases": dict.fromkeys(("text", "live"), _K.PAPERS),
    "epcis_events": {"body": _K.PAPERS},
    "epcis_terms": {"value": _K.PAPERS},
    "epcis_captures": dict.fromkeys(("header", "faults"), _K.PAPERS),
    "audit": dict.fromkeys(("who", "before", "after"), _K.CHANGES),
    "request_marks": dict.fromkeys(("key", "answer"), _K.REQUESTS),
    "webhook_marks": {"body": _K.REQUESTS},
    "alarms": {"body": _K.ALARMS},
}
#: Columns that hold the id of a person: rows of theirs, whatever their texts say.
PERSON_ID_COLUMNS: Final[dict[str, tuple[str, PersonalKind]]] = {
    "members": ("person", _K.SIGN_IN),
    "api_keys": ("person", _K.SIGN_IN),
    "alarm_recipients": ("person", _K.ADDRESSES),
    "holdings": ("person", _K.SHARES),
    "account_entries": ("person", _K.ACCOUNT),
    "statements": ("person", _K.ACCOUNT),
}
#: Texts, documents and bytes that hold nothing of a person: words of the contract, names on the wire, ids, hashes, keys
#: of the organisation, names of goods. A machine's name on the wire is no person's: the guide says not to choose one.
NOT_PERSONAL: Final[dict[str, frozenset[str]]] = {
    "account_entries": frozenset(("kind", "field", "pass_id", "corrects", "harvest", "crop", "lot_code")),
    "alarm_leases": frozenset(("holder",)),
    "alarm_notices": frozenset(("rule", "what", "about", "state")),
    "alarm_recipients": frozenset(("kind", "language", "least_severity", "secret")),
    "alarm_rules": frozenset(("name", "severity", "any_of", "device", "kind", "site", "zone")),
    "alarm_watches": frozenset(("rule_id", "subject")),
    "alarms": frozenset(("rule", "subject")),
    "api_keys": frozenset(("scope", "prefix", "secret_sha256", "sender", "map")),
    "audit": frozenset(("action", "kind", "record", "hash", "salt")),
    "certificate_entries": frozenset(("certificate", "kind")),
    "certificates": frozenset(("number", "lot", "token", "basis", "follows")),
    "confirmations": frozenset(("target", "target_id", "cause", "value")),
    "done_actions": frozenset(("subject_kind", "subject", "action", "text", "text_zh")),
    "crop_bands": frozenset(("crop", "index", "stage")),
    "delivery_marks": frozenset(("gateway", "epoch")),
    "devices": frozenset(
        ("name", "kind", "gateway", "site", "title", "model", "software", "clock", "channels", "zone", "field")
    ),
    "duty_rotas": frozenset(("site",)),
    "epcis_events": frozenset(("event_id", "type", "biz_step", "content", "declaration")),
    "epcis_terms": frozenset(("name",)),
    "epcis_figures": frozenset(("name",)),
    "epcis_captures": frozenset(("behaviour", "events")),
    "fields": frozenset(("farm", "geometry", "site")),
    "forecasts": frozenset(("house", "body")),
    "forecast_providers": frozenset(("provider", "model", "url")),
    "map_sources": frozenset(("name", "url", "attribution", "system", "subdomains", "key", "secret")),
    "weather_issues": frozenset(("digest", "provider", "place", "body")),
    "weather_requests": frozenset(("provider", "place", "state")),
    "gateways": frozenset(("name", "site")),
    "germplasm": frozenset(("crop", "pui", "accession")),
    "greenhouse_zones": frozenset(("greenhouse", "crop", "stage")),
    "greenhouses": frozenset(("farm", "site", "cover", "lamp", "climate_model", "energy_prices")),
    "harvests": frozenset(("field", "zone", "season", "crop", "variety", "evidence")),
    "holdings": frozenset(("field", "kind")),
    "implements": frozenset(("kind", "pattern", "droplet_class", "device")),
    "irrigation_zones": frozenset(("field", "devices", "texture", "method")),
    "irrigations": frozenset(("field", "zone", "method")),
    "ledger": frozenset(("kind", "field", "pass", "hash", "leaf_sha256")),
    "ledger_heads": frozenset(("hash",)),
    "log_checkpoints": frozenset(("note",)),
    "log_keys": frozenset(("name", "seed")),
    "log_tiles": frozenset(("hashes",)),
    "log_witnesses": frozenset(("name", "key")),
    "lot_flows": frozenset(("lot", "operation")),
    "lot_links": frozenset(("parent", "child", "operation")),
    "lot_operations": frozenset(("kind", "inputs", "outputs", "harvest", "corrects")),
    "lots": frozenset(("code", "product", "crop")),
    "maintenance_windows": frozenset(("rule", "device", "kind", "site")),
    "members": frozenset(("role",)),
    # Photos are files, of kind PHOTOS: they go with the notes of the person.
    "note_photos": frozenset(("media", "digest", "note")),
    "notes": frozenset(("greenhouse", "field", "zone", "site", "alarm", "photos")),
    # The organisation's own name, also where it is that of its only person: it is on every paper.
    "organisations": frozenset(("handle", "name", "audit_hash")),
    "passes": frozenset(("field", "device", "implement", "product", "season", "prescription")),
    "people": frozenset(("role", "language")),
    "plant_protection_products": frozenset(
        ("name", "registration_number", "unit", "formulation", "source", "active_ingredients", "uses")
    ),
    "plot_observations": frozenset(("trial", "variable", "value")),
    "prescriptions": frozenset(("field", "product", "implement", "season", "unit", "cells", "checks", "method")),
    "products": frozenset(("name", "kind", "maker")),
    "push_keys": frozenset(("private_key",)),
    "record_retention": frozenset(("kind",)),
    "releases": frozenset(("lot", "token")),
    "request_marks": frozenset(("digest",)),
    "seasons": frozenset(("field", "crop", "variety")),
    "sessions": frozenset(("secret_sha256", "key")),
    "sites": frozenset(("farm", "name", "time_zone")),
    "statement_runs": frozenset(("tariff", "digest")),
    "statements": frozenset(("run",)),
    "subsidy_rules": frozenset(("evidence", "products", "excludes")),
    "tariffs": frozenset(("billable_evidence", "dividend_by", "slopes_pct")),
    "treatments": frozenset(("field", "zone", "pass_id", "corrects", "crop", "evidence", "mix")),
    "trial_variables": frozenset(("name", "trait", "method", "unit", "data_type", "categories")),
    "trials": frozenset(("field", "season", "product", "prescription", "kind", "plots", "variables")),
    "webhooks": frozenset(("events", "secret")),
    "witnessed_logs": frozenset(("origin", "key", "note")),
}


def kind_of_table(table: str) -> PersonalKind:
    """Return the kind of the data of a person in a table; each table has one."""
    by_id = PERSON_ID_COLUMNS.get(table)
    return by_id[1] if by_id is not None else next(iter(PERSONAL_COLUMNS[table].values()))


#: Lifecycles of what a kind has beside the columns: sessions, files, samples.
_LIFECYCLES_BESIDE: Final = {
    PersonalKind.SIGN_IN: ("sessions",),
    PersonalKind.PHOTOS: ("notes",),
    PersonalKind.TRACKS: ("samples",),
    PersonalKind.FILES: ("logs",),
}


def lifecycles_of(kind: PersonalKind) -> tuple[str, ...]:
    """Return the slugs of the lifecycles that bound data of a kind by days or number (`registry.lifecycle`)."""
    tables = (table for table in PERSONAL_COLUMNS if kind_of_table(table) is kind)
    bounds = (lifecycle_of_table(f"registry.{table}") for table in tables)
    slugs = [bound.slug for bound in bounds if bound is not None and bound.bound in (Bound.RETENTION, Bound.FIXED)]
    return tuple(dict.fromkeys((*slugs, *_LIFECYCLES_BESIDE.get(kind, ()))))
