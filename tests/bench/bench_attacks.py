"""A farm under attack from all sides at once: what is lost, how long health takes, when a true alarm arrives.

`python -m tests.bench.bench_attacks [--json] [--seconds 600] [--seed 7]`

Broker, station and two gateways as processes; numbered devices, whose numbers are the truth. At bounded rates, all at
once: a gateway that publishes junk, hundreds of devices, its neighbours' devices, far times and forged commit acks;
a `read` key with 45 slow requests and 100 live streams; wrong keys beside sign-outs; 200 half requests; recipients that
drip and that answer without end; nested KML. Meanwhile /healthz is asked ten times a second, an admin key once a
second, and a new alarm rule every twenty seconds must bring its webhook.

Prints a table of all attacks, and exits with 1 where a bar is missed: nothing lost or doubled, /healthz below 200 ms at
p99, a true alarm within 10 s.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import random
import socket
import ssl
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event as SetEvent
from pathlib import Path
from typing import Any, Final

import httpx
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from headland.clock import wall_clock_ms
from headland.contract.codec import encode_batch, encode_record
from headland.contract.records import Ack, Batch, Block, ChannelInfo, Clock, Descriptor, Event
from headland.contract.topics import ack_topic, data_topic, meta_topic
from station.chaos.farm.farm import GATEWAYS, UNAUTHORISED, ChaosFarm
from tests.bench.attack_table import MESSAGES, attack_rows, missed_bars, write_table
from tests.bench.machine_load import busy_cores

ALARM_EVERY_S: Final = 20.0
#: One for all clients: each would otherwise read the authorities of the system, which costs more than its request.
NO_TLS: Final = ssl.create_default_context()
SLOW_READS: Final = (
    "/v1/export/farmos",
    "/sta/v1.1/Observations?$top=1000",
    "/v1/devices/{device}/series?channel=number_count&start=0&max_points=100000",
    "/v1/latest",
)
KML: Final = (
    "<kml><Document>" + "<Placemark><name>n</name>" * 2000 + "</Placemark>" * 2000 + "</Document></kml>"
).encode()


@dataclass(frozen=True, slots=True)
class Target:
    """What the attackers know of the farm."""

    api_port: int
    broker_port: int
    password: str
    devices: tuple[str, ...]
    epoch: str
    keys: dict[str, str]


class Siege:
    """The attackers, each a thread that goes on until `stop`; `counts` has what each has tried and its answers."""

    def __init__(self, target: Target, seed: int, stop: SetEvent) -> None:
        self.target = target
        self.rng = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.stop = stop
        self._base = f"http://127.0.0.1:{target.api_port}"
        attackers = [self.publish_junk, self.guess_keys, self.leave_half_requests, self.import_kml]
        attackers += [self.read_slowly] * 45 + [self.stream] * 100
        self._threads = [threading.Thread(target=self._keep, args=(attack,), daemon=True) for attack in attackers]

    def run(self) -> None:
        """Attack until `stop` is set."""
        for thread in self._threads:
            thread.start()
        self.stop.wait()
        for thread in self._threads:
            thread.join(15.0)

    def _keep(self, attack: Callable[[], None]) -> None:
        while not self.stop.is_set():
            try:
                attack()
            except (OSError, httpx.HTTPError, ValueError):
                self.counts[f"{attack.__name__}: connection ended"] += 1
                self.stop.wait(1.0)

    def client(self, key: str, timeout_s: float = 90.0) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.target.keys[key]}"}
        return httpx.Client(base_url=self._base, headers=headers, timeout=timeout_s, verify=NO_TLS)

    def publish_junk(self) -> None:
        """Publish 50 messages a second as a gateway that may log in: none may displace what is true."""
        client = Client(CallbackAPIVersion.VERSION2, f"edge-{UNAUTHORISED}", protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(UNAUTHORISED, self.target.password)
        client.connect("127.0.0.1", self.target.broker_port)
        client.loop_start()
        epoch, seq = f"siege{self.rng.randrange(10**6)}", 0
        try:
            while (not self.stop.wait(0.02) and client.is_connected()) or seq == 0:
                seq += 1
                kind = 5 if seq % 100 == 0 else seq % 5  # mosquitto ends the connection of who forges an ack
                topic, payload = self._message(kind, epoch, seq)
                client.publish(topic, payload, qos=1)
                self.counts[f"message: {MESSAGES[kind]}"] += 1
        finally:
            client.disconnect()
            client.loop_stop()

    def _message(self, kind: int, epoch: str, seq: int) -> tuple[str, bytes]:
        victim = self.rng.choice(self.target.devices)
        now_ms = wall_clock_ms()
        topic = data_topic(UNAUTHORISED)
        if kind == 0:
            return topic, self.rng.randbytes(200)
        if kind == 1:  # a neighbour's series, filled before its owner
            return topic, self._batch(epoch, seq, victim, now_ms, number_count=-1.0)
        if kind == 2:  # a device for each message
            return topic, self._batch(epoch, seq, f"flood-{epoch}-{seq}", now_ms, number_count=1.0)
        if kind == 3:  # the descriptor of a neighbour's device
            channels = {"number_count": ChannelInfo(unit="1")}
            stolen = Descriptor(device=victim, kind="vehicle", site="elsewhere", name="stolen", channels=channels)
            return meta_topic(UNAUTHORISED, victim), encode_record(stolen)
        if kind == 4:  # an alarm that began in the year 287396
            far = Event(
                t=now_ms, device=UNAUTHORISED, kind="alarm_raised", device_kind="gateway", site="siege",
                clock=Clock.NTP, data={"rule": "x", "since_ms": 2**53 - 1},
            )  # fmt: skip
            return topic, encode_batch(Batch(gw=UNAUTHORISED, epoch=epoch, seq=seq, v=1, blocks=[], events=[far]))
        forged = Ack(epoch=self.target.epoch, seq=2**40)
        return ack_topic(GATEWAYS[0]), encode_record(forged)

    @staticmethod
    def _batch(epoch: str, seq: int, device: str, t_ms: int, **values: float) -> bytes:
        rows = 20
        block = Block(
            device=device, kind="counter", site="siege", clock=Clock.NTP, t0=t_ms, dt=[10 * row for row in range(rows)],
            c={channel: [value] * rows for channel, value in values.items()},
        )  # fmt: skip
        return encode_batch(Batch(gw=UNAUTHORISED, epoch=epoch, seq=seq, v=1, blocks=[block]))

    def read_slowly(self) -> None:
        """Ask a slow question with a `read` key, and the next one a second after its answer."""
        with self.client("read") as client:
            path = self.rng.choice(SLOW_READS).format(device=self.rng.choice(self.target.devices))
            status = client.get(path).status_code
            self.counts[f"slow read: {status}"] += 1
            self.stop.wait(1.0)

    def stream(self) -> None:
        """Hold a live stream with a `read` key."""
        with self.client("read") as client, client.stream("GET", "/v1/live") as answer:
            self.counts[f"stream: {answer.status_code}"] += 1
            if answer.status_code != 200:
                self.stop.wait(1.0)
                return
            for _ in answer.iter_raw():
                if self.stop.is_set():
                    return

    def guess_keys(self) -> None:
        """Show four wrong keys a second, each beside a sign-out of nobody."""
        with httpx.Client(base_url=self._base, timeout=20, verify=NO_TLS) as client:
            status = client.get("/v1/farms", headers={"Authorization": "Bearer hl_guess"}).status_code
            self.counts[f"wrong key: {status}"] += 1
            origin = {"Origin": self._base, "Cookie": "headland=nobody"}
            self.counts[f"sign out: {client.delete('/v1/session', headers=origin).status_code}"] += 1
            self.stop.wait(0.25)

    def leave_half_requests(self) -> None:
        """Hold two hundred connections with half a header."""
        with contextlib.ExitStack() as stack:
            for _ in range(200):
                half = stack.enter_context(socket.create_connection(("127.0.0.1", self.target.api_port), 5))
                half.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ")
            self.counts["half requests"] += 200
            self.stop.wait(12.0)

    def import_kml(self) -> None:
        """Import two thousand nested placemarks every five seconds."""
        with self.client("write") as client:
            status = client.post(
                "/v1/fields/import",
                content=KML,
                headers={"Content-Type": "application/vnd.google-earth.kml+xml"},
            ).status_code
            self.counts[f"KML: {status}"] += 1
            self.stop.wait(5.0)


def besiege(target: Target, seed: int, stop: SetEvent, results: Connection) -> None:
    """Attack until `stop` is set and send the counts: the process of the attackers."""
    siege = Siege(target, seed, stop)
    siege.run()
    results.send(siege.counts)


@contextlib.contextmanager
def besieging(target: Target, seed: int) -> Iterator[Counter[str]]:
    """Attack for the length of the block from a process of its own, whose load is not that of the measurement.

    The yielded counts are complete after the block.
    """
    context = multiprocessing.get_context("spawn")
    stop, counts = context.Event(), Counter[str]()
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=besiege, args=(target, seed, stop, send), daemon=True)
    process.start()
    try:
        yield counts
    finally:
        stop.set()
        if receive.poll(30.0):
            counts.update(receive.recv())
        process.kill()
        process.join()


class Receiver(BaseHTTPRequestHandler):
    """A webhook's receiver: `/good` notes the instant, `/drip` sends a byte a second, `/endless` never ends."""

    received_s: list[float] = []  # noqa: RUF012 - one for all connections, as the handler is made for each
    slow_posts: list[str] = []  # noqa: RUF012 - likewise

    def do_POST(self) -> None:
        """Answer a notification."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/good"):
            self.received_s.append(time.monotonic())
        else:
            self.slow_posts.append(self.path)
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(0 if self.path.startswith("/good") else 600):
                self.wfile.write(b"x" if self.path == "/drip" else bytes(1 << 20))
                time.sleep(1.0 if self.path == "/drip" else 0.0)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Watch:
    """Measures of what others get meanwhile."""

    def __init__(self, farm: ChaosFarm, admin: httpx.Client) -> None:
        self._farm, self._admin = farm, admin
        self.health_ms: list[float] = []
        self.admin_ms: list[float] = []
        self.failures: Counter[str] = Counter()
        self.alarm_s: list[float] = []
        self.alarms_lost = 0

    def ask(self, client: httpx.Client, path: str, times_ms: list[float]) -> None:
        began_s = time.perf_counter()
        try:
            status = client.get(path, timeout=10).status_code
            if status != 200:
                self.failures[f"{path}: {status}"] += 1
        except httpx.HTTPError as error:
            self.failures[f"{path}: {type(error).__name__}"] += 1
        times_ms.append((time.perf_counter() - began_s) * 1000)

    def run(self, seconds: float) -> None:
        """Ask and raise alarms for so many seconds."""
        ends_s, number, next_alarm_s, next_admin_s, raised_s = time.monotonic() + seconds, 0, 0.0, 0.0, None
        with httpx.Client(base_url=f"http://127.0.0.1:{self._farm.api_port}") as client:
            while (now_s := time.monotonic()) < ends_s:
                self.ask(client, "/healthz", self.health_ms)
                if now_s > next_admin_s:
                    next_admin_s = now_s + 1.0
                    self.ask(self._admin, "/v1/farms", self.admin_ms)
                if raised_s is not None and Receiver.received_s:
                    self.alarm_s.append(Receiver.received_s[0] - raised_s)
                    raised_s = None
                if now_s > next_alarm_s and ends_s - now_s > ALARM_EVERY_S:
                    self.alarms_lost += raised_s is not None
                    next_alarm_s, number = now_s + ALARM_EVERY_S, number + 1
                    Receiver.received_s.clear()
                    add_rule(self._admin, f"true-{number}", ["good"])
                    raised_s = time.monotonic()
                time.sleep(0.1)
        self.alarms_lost += raised_s is not None


def add_rule(admin: httpx.Client, name: str, recipients: list[str]) -> None:
    """Add a rule that every device of the chaos farm breaks at once."""
    rule = {
        "name": name,
        "kind": "counter",
        "any_of": [[{"what": "air_temperature_degc", "above": -300.0}]],
        "for_s": 0,
    }
    for _ in range(20):
        answer = admin.post("/v1/alarm-rules", json={**rule, "recipients": recipients}, timeout=10)
        if answer.status_code != 429:
            break
        time.sleep(0.2)
    answer.raise_for_status()


@contextlib.contextmanager
def receiving() -> Iterator[str]:
    """Run the receiver of webhooks; yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def assess(farm: ChaosFarm) -> dict[str, Any]:
    """Return how many numbers the devices gave out, and how many of them are lost or doubled in the store."""
    sent = lost = doubled = 0
    for truth in farm.devices:
        stored = farm.stored(truth.device) or Counter()
        read = [record.number for record in truth.sent() if record.was_read]
        sent += len(read)
        lost += sum(stored[number] == 0 for number in read)
        doubled += sum(stored[number] > 1 for number in read)
    reports = [farm.delivery(gateway) or {} for gateway in GATEWAYS]
    said = sum(report.get("loss", 0) for report in reports)
    return {"numbers": sent, "lost": lost, "doubled": doubled, "loss_in_delivery": said}


def intrusions(admin: httpx.Client, farm: ChaosFarm) -> dict[str, int]:
    """Return what the intruding gateway and the wrong keys have reached."""
    victims = [admin.get(f"/v1/devices/{truth.device}").raise_for_status().json() for truth in farm.devices]
    devices = list(list_all(admin, "/v1/devices?limit=500"))
    alarms = list(list_all(admin, "/v1/alarms?limit=500"))
    return {
        "descriptors taken over": sum(victim["site"] == "elsewhere" for victim in victims),
        "devices of the intruder": sum(str(device["id"]).startswith("flood-") for device in devices),
        "alarms of impossible times": sum(alarm["rule"] == "x" for alarm in alarms),
    }


def list_all(admin: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    """Yield the items of all pages."""
    cursor = ""
    while True:
        page = admin.get(f"{path}{cursor}").raise_for_status().json()
        yield from page["items"]
        if not page.get("next"):
            return
        cursor = f"&cursor={page['next']}"


def measure(seconds: float, seed: int, root: Path) -> dict[str, Any]:
    """Run the siege; return its figures."""
    farm = ChaosFarm(root, "mosquitto", {"HEADLAND_WEBHOOK_NETWORKS": "127.0.0.1/32"})
    with farm.running(), receiving() as receiver:
        headers = {"Authorization": f"Bearer {farm.folder.api_key()}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{farm.api_port}", headers=headers, timeout=20) as admin:
            keys = {
                scope: admin.post("/v1/keys", json={"name": f"siege {scope}", "scope": scope}).json()["key"]
                for scope in ("read", "write")
            }
            for name in ("good", "drip", "endless"):
                recipient = {"name": name, "kind": "webhook", "address": f"{receiver}/{name}"}
                admin.post("/v1/alarm-recipients", json=recipient).raise_for_status()
            farm.source.resume()
            add_rule(admin, "evil", ["drip", "endless"])
            epoch = str(farm.gateway_status(GATEWAYS[0]).get("epoch", ""))
            devices = tuple(truth.device for truth in farm.devices)
            target = Target(farm.api_port, farm.broker_port, farm.unauthorised_password, devices, epoch, keys)
            watch = Watch(farm, admin)
            with besieging(target, seed) as attacks:
                watch.run(seconds)
            farm.source.pause()
            farm.wait_until(lambda: assess(farm)["lost"] == 0, 90, "not every number was stored")
            figures = {**assess(farm), **intrusions(admin, farm)}
    health = statistics.quantiles(watch.health_ms, n=100)
    return {
        **figures,
        "healthz_p50_ms": round(health[49], 1),
        "healthz_p99_ms": round(health[98], 1),
        "healthz_max_ms": round(max(watch.health_ms), 1),
        "admin_p99_ms": round(statistics.quantiles(watch.admin_ms, n=100)[98], 1),
        "failed_requests": dict(watch.failures),
        "alarms": len(watch.alarm_s),
        "alarms_lost": watch.alarms_lost,
        "alarm_max_s": round(max(watch.alarm_s, default=float("inf")), 2),
        "posts to slow recipients": len(Receiver.slow_posts),
        "wrong keys let in": sum(count for name, count in attacks.items() if name.startswith("wrong key: 2")),
        "attacks": dict(sorted(attacks.items())),
        "busy_cores": busy_cores(),
    }


def main() -> int:
    """Print the figures and the table; return 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(options.seconds, options.seed, Path(folder))
    missed = missed_bars(figures)
    table = write_table(attack_rows(figures["attacks"], figures), missed)
    print(json.dumps(figures, indent=None if options.json else 2))
    print(table, file=sys.stderr if options.json else sys.stdout)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
