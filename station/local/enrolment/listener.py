"""TLS files of a broker that accepts gateways by certificates of the farm's own authority."""

from __future__ import annotations

from collections.abc import Sequence

from headland.errors import SettingsError
from station.local.broker_listener import TlsFiles, host_and_port
from station.local.enrolment.authority import CertificateAuthority, local_names, utc
from station.local.enrolment.enrolments import Enrolments
from station.local.folder import FarmFolder

_PORT = 8883


def own_tls_files(
    folder: FarmFolder, listen: str | None, given: TlsFiles | None, names: Sequence[str], now_ms: int
) -> TlsFiles:
    """Return the files for a start of the farm; the authority is made at the first one.

    `listen` is None without --enrol, `given` are the files of the --tls options. Raises SettingsError where they do not
    go together.
    """
    if listen is None:
        raise SettingsError("--enrol needs --listen HOST[:PORT], and --broker-name needs both.")
    if given is not None:
        raise SettingsError("With --enrol the broker has a certificate of this farm: omit the --tls options.")
    folder.create()
    authority, now = CertificateAuthority(folder.enrolment_dir), utc(now_ms)
    authority.ensure(now)
    authority.write_broker_certificate(sorted({*local_names(host_and_port(listen, _PORT)[0]), *names}), now)
    Enrolments(folder.enrolment_dir, authority).write_revoked(now_ms)
    return TlsFiles(
        cert=str(authority.broker_certificate_path),
        key=str(authority.broker_key_path),
        ca=str(authority.certificate_path),
        mutual=True,
        revoked=str(authority.revoked_path),
    )
