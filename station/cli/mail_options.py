"""Which mail server sends what alarms have to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from station.server.notification_channels import MailSettings

MAIL_URL: Final = "HEADLAND_MAIL_URL"

MailOption = Annotated[
    str | None,
    typer.Option(
        "--mail",
        metavar="URL",
        help="The mail server for alarms: smtp+starttls://USER:PASSWORD@HOST:587?from=NAME@HOST.",
        envvar=MAIL_URL,
        show_default="none: e-mails of alarms are refused",
        show_envvar=True,
    ),
]


def mail_settings(url: str | None) -> MailSettings | None:
    """Return what a mail server's URL says; raises SettingsError."""
    if url is None:
        return None
    from station.server.notification_channels import parse_mail_url

    return parse_mail_url(url)
