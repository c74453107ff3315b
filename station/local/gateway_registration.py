"""Registration of a gateway at a farm: its login at the running broker, and the settings that it needs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from headland.clock import wall_clock_ms
from headland.errors import PeerRefused, RetryLater, SettingsError
from headland.network.enrolment.gateways import EnrolledGateway, GatewayCode, RegisteredGateway
from headland.network.enrolment.messages import EnrolmentRequest, RenewalRequest, RenewedCertificate, SealedPapers
from station.local.broker import NO_ACCESS_LIST, find_mosquitto, write_logins
from station.local.enrolment.authority import CertificateAuthority
from station.local.enrolment.enrolments import REFUSED, Enrolments
from station.local.enrolment.record import Enrolment
from station.local.enrolment.session_end import end_session
from station.local.folder import FarmFolder, FarmState
from station.local.gateway_toml import CA_FILE, BrokerAccess, find_broker_access, write_toml
from station.local.gateways import Gateways, broker_users
from station.local.plan import broker_address

#: A farm that is starting reports its broker's address within this time.
_STATE_WITHIN_S: Final = 5.0
_NO_CODES: Final = "This farm accepts no gateway by code: start it with headland up --listen 0.0.0.0 --enrol."


@dataclass(frozen=True, slots=True)
class AddedGateway:
    """A gateway that may log in: its edge.toml, how it reaches the broker, and what became of the running broker."""

    toml: str
    access: BrokerAccess
    broker_result: str


def add_gateway_login(folder: FarmFolder, name: str, site: str, host: str | None, now_ms: int) -> AddedGateway:
    """Add a login for a gateway and bring it to the running broker. Raises SettingsError."""
    require_access_list(folder)
    access = find_broker_access(broker_address(folder), host)
    gateways = Gateways(folder)
    with gateways.hold():
        gateway = gateways.add(name, site, now_ms)
        broker_result = update_broker(folder)
    return AddedGateway(write_toml(gateway, access, folder.ack_key(name)), access, broker_result)


def give_gateway_code(
    folder: FarmFolder, name: str, site: str, host: str | None, station: str | None, now_ms: int
) -> GatewayCode:
    """Return a one-time code for a gateway, which is added where it is new. Raises SettingsError.

    `station` is the URL by which the gateway reaches this API, by default that of the running farm.
    """
    require_access_list(folder)
    access = find_broker_access(broker_address(folder), host)
    authority = CertificateAuthority(folder.enrolment_dir)
    if not access.enrols:
        raise SettingsError(_NO_CODES)
    if access.host not in authority.broker_names():
        raise SettingsError(
            f"The broker's certificate is not for {access.host!r} but for {', '.join(authority.broker_names())}: name "
            f"one of these with --host, or start the farm with --broker-name {access.host}."
        )
    state = running_farm(folder)
    url = (station or (state.api_url if state is not None else "")).rstrip("/")
    if not url:
        raise SettingsError("No farm is running here: start it, or name the station with --station URL.")
    gateways = Gateways(folder)
    with gateways.hold():
        known = next((gateway for gateway in gateways.all() if gateway.name == name), None)
        gateway = gateways.add(name, site, now_ms) if known is None else gateways.change_password(name)
        text = write_toml(gateway, access, folder.ack_key(name), renew_at=url)
        code, expires_ms = Enrolments(folder.enrolment_dir, authority).give_code(name, text, now_ms)
        shut_out(folder, name)
    command = f"headland edge enrol {url} {code.text()}"
    return GatewayCode(name=name, site=gateway.site, code=code.text(), expires_ms=expires_ms, command=command)


def revoke_gateway(folder: FarmFolder, name: str, now_ms: int) -> str:
    """Refuse a gateway's certificates from now on; return the result as a sentence. Raises SettingsError."""
    with Gateways(folder).hold():
        enrolments_of(folder).revoke(name, now_ms)
        return shut_out(folder, name)


def remove_gateway(folder: FarmFolder, name: str, now_ms: int) -> str:
    """Delete a gateway's login and refuse its certificates; return the result as a sentence. Raises SettingsError."""
    gateways = Gateways(folder)
    with gateways.hold():
        gateways.remove(name)
        if CertificateAuthority(folder.enrolment_dir).exists:
            enrolments_of(folder).remove(name, now_ms)
        return shut_out(folder, name)


def shut_out(folder: FarmFolder, name: str) -> str:
    """Bring the logins and the revoked certificates to a running broker, and end the session of a gateway there."""
    result = update_broker(folder)
    authority, state = CertificateAuthority(folder.enrolment_dir), running_farm(folder)
    if authority.exists and state is not None:
        end_session(authority, broker_address(folder).listener, name)
    return result


def enrolments_of(folder: FarmFolder) -> Enrolments:
    """Return the enrolments of a farm."""
    return Enrolments(folder.enrolment_dir, CertificateAuthority(folder.enrolment_dir))


def enrolled_gateways(enrolments: Sequence[Enrolment], now_ms: int) -> list[EnrolledGateway]:
    """Return the states of codes and certificates, without the codes."""
    return [
        EnrolledGateway(
            name=each.gateway,
            code=_code_state(each, now_ms),
            code_expires_ms=each.expires_ms if _code_state(each, now_ms) == "waiting" else None,
            enrolled_ms=each.enrolled_ms if each.serial else None,
            renewed_ms=each.renewed_ms if each.serial and each.renewed_ms else None,
            is_revoked=not each.serial and not each.code_id,
        )
        for each in enrolments
        if not each.is_removed
    ]


def _code_state(enrolment: Enrolment, now_ms: int) -> Literal["none", "waiting", "used", "expired"]:
    if not enrolment.code_id:
        return "none"
    if enrolment.is_used:
        return "used"
    return "waiting" if now_ms < enrolment.expires_ms else "expired"


class FolderRegistrar:
    """Implements the API's `GatewayRegistrar` and `GatewayEnrolment` with the farm in a folder."""

    def __init__(self, folder: FarmFolder, now_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._folder = folder
        self._now_ms = now_ms

    def register(self, name: str, site: str, host: str | None) -> RegisteredGateway:
        """Add a gateway and return its settings, which hold its password. Raises SettingsError."""
        added = add_gateway_login(self._folder, name, site, host, self._now_ms())
        certificate = None if added.access.ca_path is None else added.access.ca_path.read_text(encoding="ascii")
        return RegisteredGateway(
            name=name,
            site=site,
            settings=added.toml,
            certificate_name=None if certificate is None else CA_FILE,
            certificate=certificate,
            host=added.access.host,
            is_local=added.access.host in ("127.0.0.1", "localhost", "::1"),
            needs_certificate=added.access.mutual,
        )

    def give_code(self, name: str, site: str, host: str | None, station: str | None) -> GatewayCode:
        """Return a one-time code for a gateway. Raises SettingsError."""
        return give_gateway_code(self._folder, name, site, host, station, self._now_ms())

    def refusal(self) -> str | None:
        """Return why no gateway can be given a code; None where one can. Raises SettingsError."""
        listener = broker_address(self._folder).listener
        tls = None if listener is None else listener.tls
        return None if tls is not None and tls.enrols else _NO_CODES

    def enrolled(self) -> list[EnrolledGateway]:
        """Return the gateways that were given a code. Raises SettingsError."""
        authority = CertificateAuthority(self._folder.enrolment_dir)
        return (
            enrolled_gateways(Enrolments(self._folder.enrolment_dir, authority).all(), self._now_ms())
            if authority.exists
            else []
        )

    def enrol(self, request: EnrolmentRequest) -> SealedPapers:
        """Sign a gateway's first certificate. Raises PeerRefused and SettingsError."""
        now_ms = self._now_ms()
        with Gateways(self._folder).hold():
            enrolments = self._enrolments()
            papers = enrolments.enrol(request, now_ms)
            # Who had the earlier card may have a session open, which the new card's rights are not for.
            shut_out(self._folder, enrolments.gateway_of_code(request.code_id) or "")
        return papers

    def renew(self, request: RenewalRequest) -> RenewedCertificate:
        """Sign a gateway's next certificate. Raises PeerRefused, RenewalTooEarly and SettingsError."""
        with Gateways(self._folder).hold():
            renewed = self._enrolments().renew(request, self._now_ms())
            update_broker(self._folder)
        return renewed

    def revoke(self, name: str) -> None:
        """Refuse a gateway's certificates from now on. Raises SettingsError."""
        revoke_gateway(self._folder, name, self._now_ms())

    def _enrolments(self) -> Enrolments:
        if not CertificateAuthority(self._folder.enrolment_dir).exists:
            raise PeerRefused(REFUSED)
        return enrolments_of(self._folder)


def update_broker(folder: FarmFolder) -> str:
    """Bring the logins to a running broker; return the result as a sentence."""
    state = running_farm(folder)
    if state is None:
        return "No farm is running here; the next `headland up` applies the change."
    if state.broker != "mosquitto":
        return f"The running broker is {state.broker}, which has logins of this farm's own parts only."
    write_logins(folder.broker_dir, broker_users(folder))
    pid = state.pids.get("broker")
    if pid is None or not _is_our_broker(pid, folder):
        return "The broker is restarting and reads the new logins."
    # mosquitto reads its password and access files again at SIGHUP, and closes only sessions that lost their login.
    os.kill(pid, signal.SIGHUP)
    return "The running broker applied the change; other sessions were not interrupted."


def require_access_list(folder: FarmFolder) -> None:
    """Raise SettingsError where this farm's broker would let a gateway read and write everything."""
    state = running_farm(folder)
    if (find_mosquitto() is None) if state is None else (state.broker != "mosquitto"):
        raise SettingsError(f"This farm accepts no other gateway: {NO_ACCESS_LIST}")


def running_farm(folder: FarmFolder) -> FarmState | None:
    """Return how to reach the farm that runs here, None where none runs; wait for a farm that is starting."""
    deadline_s = time.monotonic() + _STATE_WITHIN_S
    while folder.running():
        try:
            return folder.read_state()
        except RetryLater:
            if time.monotonic() > deadline_s:
                return None
            time.sleep(0.1)
    return None


def _is_our_broker(pid: int, folder: FarmFolder) -> bool:
    """Return whether a process is this farm's broker; where the system has no /proc, farm.json is trusted."""
    if not Path("/proc/self/cmdline").exists():
        return True
    try:
        return str(folder.broker_dir).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
