"""Validation of the providers of forecasts that a station asks."""

from __future__ import annotations

import sqlalchemy as sa

from headland.registry.models.errors import InvalidRecord
from headland.registry.models.weather import OWN_PROVIDERS, ForecastProviderSetting
from headland.registry.validation.targets import check_url
from headland.runtime.extensions import FORECAST_PROVIDERS, extension_names


def check_provider(
    setting: ForecastProviderSetting, _connection: sa.Connection, _organisation: str
) -> ForecastProviderSetting:
    """Validate the name, which is one of an adapter that is installed; the host: a URL without a login, a path or a
    query; and the contact, one printable line.
    """
    if setting.provider not in OWN_PROVIDERS:
        known = {*OWN_PROVIDERS, *extension_names(FORECAST_PROVIDERS)}
        if setting.provider not in known:
            raise InvalidRecord(
                f"There is no provider of forecasts {setting.provider!r}: choose one of {', '.join(sorted(known))}."
            )
    if setting.url:
        target = check_url(setting.url)
        if target.path != "/":
            raise InvalidRecord("The url of a provider has its host alone: write https://HOST.")
    if not setting.contact.isprintable() or not setting.contact.isascii():
        raise InvalidRecord("The contact must be printable ASCII: write an e-mail address or a page.")
    return setting
