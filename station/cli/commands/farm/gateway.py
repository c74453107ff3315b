"""`headland gateway`: the gateways that may log in at the farm's broker."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from headland.clock import wall_clock_ms
from headland.errors import HeadlandError, SettingsError
from station.cli.commands.farm.device import ApiOption, replace_gateway
from station.cli.commands_app import Commands
from station.cli.options import AckSecretOption, DataOption, RegistryOption, ack_secret, farm_folder

if TYPE_CHECKING:
    from station.local.gateway_toml import BrokerAccess

gateway_app = Commands(no_args_is_help=True, help="Add, list and remove gateways.")


@gateway_app.command("add")
def gateway_add(
    name: Annotated[str, typer.Argument(help="Name of the gateway, which is also its login.")],
    data: DataOption = None,
    site: Annotated[str, typer.Option(help="Site where the gateway is installed.")] = "home",
    host: Annotated[
        str | None, typer.Option(help="Host name or address by which the gateway reaches this machine.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write its edge.toml to this file instead of printing it.")] = None,
    registry: RegistryOption = None,
) -> None:
    """Create a login for a new gateway and print its edge.toml. The login may publish to its own topics only."""
    from station.local.gateway_registration import add_gateway_login, require_access_list
    from station.server.storage.registries import registry_url

    folder = farm_folder(data)
    folder.create()
    require_access_list(folder)
    if out is not None and out.exists():
        raise SettingsError(f"The file {out} already exists: choose another.")
    added = add_gateway_login(folder, name, site, host, wall_clock_ms())
    text, access = added.toml, added.access
    if out is None:
        typer.echo(text, nl=False)
    else:
        _write_files(out, text, access)
        _print_note(f"Wrote {out}: copy it to the gateway.")
    _print_note(added.broker_result)
    _update_registry(registry_url(registry, folder.registry_path), name, site)
    _print_certificates(name, access, out)


@gateway_app.command("code")
def gateway_code(
    name: Annotated[str, typer.Argument(help="Name of the gateway, new or known.")],
    data: DataOption = None,
    site: Annotated[str, typer.Option(help="Site where the gateway is installed.")] = "home",
    host: Annotated[
        str | None, typer.Option(help="Host name or address by which the gateway reaches the broker.")
    ] = None,
    station: Annotated[
        str | None,
        typer.Option(metavar="URL", help="URL by which the gateway reaches this station; by default that of the farm."),
    ] = None,
    registry: RegistryOption = None,
) -> None:
    """Print a one-time code with which a gateway gets its settings and a certificate of its own key.

    The farm runs with `headland up --listen HOST --enrol`. A code is valid for seven days and for one gateway. What a
    known gateway had before, certificates or a password, is refused from now on.
    """
    from station.local.gateway_registration import give_gateway_code
    from station.server.storage.registries import registry_url

    folder = farm_folder(data)
    folder.create()
    given = give_gateway_code(folder, name, site, host, station, wall_clock_ms())
    typer.echo(given.code)
    _print_note(f"On the gateway: {given.command}")
    _print_qr_code(given.command)
    until = datetime.fromtimestamp(given.expires_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    _print_note(f"Valid once, until {until}. Whatever {name} had before is refused from now on.")
    _update_registry(registry_url(registry, folder.registry_path), name, given.site)


@gateway_app.command("revoke")
def gateway_revoke(
    name: Annotated[str, typer.Argument(help="Name of the gateway.")],
    data: DataOption = None,
) -> None:
    """Refuse a gateway's certificate and its code from now on; its data stays in the store."""
    from station.local.gateway_registration import revoke_gateway

    broker_result = revoke_gateway(farm_folder(data), name, wall_clock_ms())
    _print_note(f"The certificate of {name} is refused from now on.")
    _print_note(broker_result)


@gateway_app.command("list")
def gateway_list(data: DataOption = None) -> None:
    """List the gateways that were added, without their passwords."""
    from station.local.gateways import Gateways

    gateways = Gateways(farm_folder(data)).all()
    if not gateways:
        _print_note("No gateway was added. Add one: headland gateway add NAME")
        return
    width = max(len("NAME"), *(len(gateway.name) for gateway in gateways))
    site_width = max(len("SITE"), *(len(gateway.site) for gateway in gateways))
    typer.echo(f"{'NAME':<{width}}  {'SITE':<{site_width}}  ADDED")
    for gateway in gateways:
        added = datetime.fromtimestamp(gateway.added_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
        typer.echo(f"{gateway.name:<{width}}  {gateway.site:<{site_width}}  {added}")


@gateway_app.command("remove")
def gateway_remove(
    name: Annotated[str, typer.Argument(help="Name of the gateway.")],
    data: DataOption = None,
    registry: RegistryOption = None,
) -> None:
    """Delete a gateway's login and refuse its certificates; its data stays in the store."""
    from station.local.gateway_registration import remove_gateway
    from station.server.storage.registries import registry_url

    folder = farm_folder(data)
    folder.create()
    broker_result = remove_gateway(folder, name, wall_clock_ms())
    _print_note(f"Removed {name}; its data stays in the store.")
    _print_note(broker_result)
    _update_registry(registry_url(registry, folder.registry_path), name, None)


@gateway_app.command("ack-key")
def gateway_ack_key(
    name: Annotated[str, typer.Argument(help="Name of the gateway.")],
    data: DataOption = None,
    ack_secret_file: AckSecretOption = None,
) -> None:
    """Print the key by which a gateway checks commit acks: `ack_key` under [broker] in its edge.toml."""
    from headland.contract.ack_keys import derive_ack_key

    typer.echo(derive_ack_key(ack_secret(ack_secret_file, farm_folder(data)), name))


@gateway_app.command("replace")
def gateway_replace(
    old: Annotated[str, typer.Argument(help="Gateway that is no longer there, or has another name now.")],
    new: Annotated[str, typer.Argument(help="Gateway that reads its devices from now on.")],
    data: DataOption = None,
    api: ApiOption = None,
) -> None:
    """Move all devices of a gateway to another one. Needs a running station."""
    replace_gateway(old, new, data, api)


def _update_registry(url: str, name: str, site: str | None) -> None:
    """Add a gateway to the registry, or remove it where `site` is None; where that fails, the login is valid anyway."""
    from station.server.organisation import add_gateway, delete_gateway, open_first_organisation

    try:
        with open_first_organisation(url, "headland gateway") as repositories:
            if site is None:
                delete_gateway(repositories, name)
            else:
                add_gateway(repositories, name, site)
    except HeadlandError as error:
        _print_note(f"The registry was not updated: {error}")


def _write_files(out: Path, text: str, access: BrokerAccess) -> None:
    from station.local.gateway_toml import CA_FILE
    from station.server.files import write_whole

    try:
        write_whole(out, text.encode())
        if access.ca_path is not None:
            write_whole(out.with_name(CA_FILE), access.ca_path.read_bytes(), mode=0o644)
    except OSError as error:
        raise SettingsError(f"Cannot write {out}: {error.strerror}. The gateway was added nevertheless.") from error


def _print_certificates(name: str, access: BrokerAccess, out: Path | None) -> None:
    from station.local.gateway_toml import CA_FILE

    if access.ca_path is not None:
        if out is None:
            _print_note(f"Copy {access.ca_path} beside it as {CA_FILE}.")
        else:
            _print_note(f"Wrote {out.with_name(CA_FILE)}: copy it to the gateway, too.")
    if access.mutual:
        _print_note(f"The gateway also needs {name}.pem and {name}.key: a certificate of the same CA, and its key.")


def _print_qr_code(text: str) -> None:
    """Print a QR code to standard error where that is a terminal."""
    if sys.stderr.isatty():
        import segno

        segno.make(text, error="m").terminal(out=sys.stderr, compact=True)


def _print_note(sentence: str) -> None:
    """Print a sentence to standard error: standard output holds the settings only and can be piped into a file."""
    typer.echo(sentence, err=True)
