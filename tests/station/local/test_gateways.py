import threading
from pathlib import Path

import pytest

from headland.errors import SettingsError
from station.local.broker_listener import BrokerAddress, Listener, TlsFiles
from station.local.folder import FarmFolder
from station.local.gateway_toml import find_broker_access
from station.local.gateways import Gateways, broker_users


@pytest.fixture
def folder(tmp_path: Path) -> FarmFolder:
    made = FarmFolder(tmp_path / "farm")
    made.create()
    return made


def test_an_added_gateway_has_a_login_and_a_password_of_its_own(folder: FarmFolder) -> None:
    gateways = Gateways(folder)
    first, second = gateways.add("gw-3", "north", 5), gateways.add("gw-2", "home", 6)
    assert [gateway.name for gateway in gateways.all()] == ["gw-2", "gw-3"]
    assert len({first.password, second.password}) == 2
    assert len(first.password) >= 24
    users = {user.name: user for user in broker_users(folder)}
    assert set(users) == {"ingest", "gateway-1", "import", "sim-devices", "home-assistant", "gw-2", "gw-3"}
    assert users["gw-3"].password == first.password
    assert users["gw-3"].role == "gateway"


def test_passwords_of_gateways_are_readable_by_the_owner_only(folder: FarmFolder) -> None:
    Gateways(folder).add("gw-2", "home", 0)
    assert folder.gateways_path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["", "a/b", "a+b", "#", "-x", "a b", "a:b", "x" * 65, "a\nb", "ü"])
def test_a_name_that_would_reach_other_topics_is_refused(folder: FarmFolder, name: str) -> None:
    with pytest.raises(SettingsError, match="is not a valid name"):
        Gateways(folder).add(name, "home", 0)
    with pytest.raises(SettingsError, match="is not a valid site"):
        Gateways(folder).add("gw-2", name, 0)
    assert Gateways(folder).all() == []


@pytest.mark.parametrize(
    "name",
    [
        "ingest", "ingest-0", "gateway-1", "import", "edge-gateway-1", "alarms-local", "home-local", "INGEST",
        "Gateway-1", "Home-Local", "ALARMS-local", "doctor",
    ],
)  # fmt: skip
def test_a_name_that_could_take_a_session_of_the_farm_is_refused(folder: FarmFolder, name: str) -> None:
    with pytest.raises(SettingsError, match="is reserved"):
        Gateways(folder).add(name, "home", 0)


def test_a_name_is_given_once_and_free_again_after_its_removal(folder: FarmFolder) -> None:
    gateways = Gateways(folder)
    old = gateways.add("gw-2", "home", 0)
    with pytest.raises(SettingsError, match="headland gateway remove"):
        gateways.add("GW-2", "home", 0)
    gateways.remove("gw-2")
    assert gateways.all() == []
    assert gateways.add("gw-2", "home", 0).password != old.password


def test_a_gateway_that_is_not_there_cannot_be_removed(folder: FarmFolder) -> None:
    gateways = Gateways(folder)
    gateways.add("gw-2", "home", 0)
    with pytest.raises(SettingsError, match=r"No gateway 'gw-9' was added\. Gateways: gw-2"):
        gateways.remove("gw-9")


def test_a_damaged_list_is_said_and_not_overwritten(folder: FarmFolder) -> None:
    folder.gateways_path.write_text("{")
    with pytest.raises(SettingsError, match="cannot be read"):
        Gateways(folder).add("gw-2", "home", 0)
    assert folder.gateways_path.read_text() == "{"


def test_gateways_added_at_once_are_all_kept(folder: FarmFolder) -> None:
    gateways = Gateways(folder)

    def add(number: int) -> None:
        with gateways.hold():
            gateways.add(f"gw-{number:02}", "home", 0)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [gateway.name for gateway in gateways.all()] == [f"gw-{number:02}" for number in range(20)]


def test_the_door_of_a_gateway_is_where_the_broker_listens() -> None:
    own = BrokerAddress(port=4000)
    assert find_broker_access(own, None).port == 4000
    with pytest.raises(SettingsError, match="headland up --listen"):
        find_broker_access(own, "farm.example")
    wide = BrokerAddress(port=4000, listener=Listener(host="0.0.0.0", port=8883, tls=TlsFiles(cert="c", key="k")))
    with pytest.raises(SettingsError, match="--host NAME"):
        find_broker_access(wide, None)
    door = find_broker_access(wide, "farm.example")
    assert (door.host, door.port, door.tls, door.ca_path) == ("farm.example", 8883, True, None)
    one = BrokerAddress(port=4000, listener=Listener(host="192.0.2.7", port=1883))
    assert find_broker_access(one, None).host == "192.0.2.7"
