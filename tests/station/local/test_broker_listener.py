import socket
from pathlib import Path

import pytest

from headland.errors import SettingsError
from station.local.broker_listener import Listener, make_listener, tls_files
from tests.station.certificates import Authority


@pytest.mark.parametrize(
    ("said", "host"),
    [("127.0.0.1:{port}", "127.0.0.1"), ("localhost:{port}", "localhost"), ("[::1]:{port}", "::1")],
)
def test_loopback_may_be_listened_on_without_tls(said: str, host: str, free_port: int) -> None:
    if host == "::1" and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    listener = make_listener(said.format(port=free_port), None, insecure=False)
    assert listener == Listener(host=host, port=free_port)
    assert listener.is_loopback


@pytest.mark.parametrize("said", ["0.0.0.0:{port}", "[::]:{port}", "::", "192.0.2.7", "farm.example", "0.0.0.0"])
def test_a_door_to_the_network_without_tls_must_be_said_to_be_insecure(said: str, free_port: int) -> None:
    with pytest.raises(SettingsError, match=r"unencrypted.*--tls-cert.*--insecure"):
        make_listener(said.format(port=free_port), None, insecure=False)


def test_an_insecure_door_opens_when_asked_for_in_so_many_words(free_port: int) -> None:
    listener = make_listener(f"0.0.0.0:{free_port}", None, insecure=True)
    assert listener == Listener(host="0.0.0.0", port=free_port)
    assert not listener.is_loopback


@pytest.mark.parametrize("said", ["", ":1883", "host:", "host:0", "host:70000", "a b", "[::1", "host:12x", "ho\nst"])
def test_what_is_no_address_is_refused(said: str) -> None:
    with pytest.raises(SettingsError, match="is not HOST or HOST:PORT"):
        make_listener(said, None, insecure=True)


def test_a_port_that_is_taken_is_said_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SettingsError, match="cannot listen on"):
        make_listener(f"127.0.0.1:{taken.getsockname()[1]}", None, insecure=False)


def test_no_door_is_the_default() -> None:
    assert make_listener(None, None, insecure=False) is None


def test_listener_options_without_a_listener_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="need --listen"):
        make_listener(None, None, insecure=True)


def test_half_of_the_tls_options_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="are needed together"):
        tls_files(tmp_path / "cert.pem", None, None, mutual=False)
    with pytest.raises(SettingsError, match="--tls-mutual needs --tls-ca"):
        tls_files(tmp_path / "cert.pem", tmp_path / "key.pem", None, mutual=True)


@pytest.mark.services("openssl")
def test_certificates_are_validated_before_the_broker_starts(tmp_path: Path, free_port: int) -> None:
    authority = Authority(tmp_path)
    cert, key = authority.issue("broker")
    _, other_key = authority.issue("other")
    listen = f"0.0.0.0:{free_port}"
    good = make_listener(listen, tls_files(cert, key, authority.ca, mutual=True), insecure=False)
    assert good is not None
    assert good.tls is not None
    assert good.tls.mutual
    for wrong_cert, wrong_key, wrong_ca, sentence in (
        (tmp_path / "none.pem", key, None, "The certificate file .*none.pem does not exist"),
        (cert, other_key, None, "not a certificate and its"),
        (key, key, None, "not a certificate and its"),
        (cert, key, key, "is not a CA certificate"),
    ):
        with pytest.raises(SettingsError, match=sentence):
            make_listener(listen, tls_files(wrong_cert, wrong_key, wrong_ca, mutual=False), insecure=False)
