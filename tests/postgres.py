"""A real PostgreSQL on a free loopback port, for tests that need one to talk to, to kill and to bring back."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.machine import find_program
from tests.ports import find_free_port
from tests.waiting import wait_until

#: PostgreSQL refuses to run as root: there it runs as these.
_UNPRIVILEGED = {"user": "nobody", "group": "nogroup", "extra_groups": []}


class Postgres:
    """A cluster of its own, as Debian's packages make it: `new_database()` returns the URL of an empty database.

    `kill` is SIGKILL of the server and all its processes: what was committed must be there after `start`. Without
    `fsync` it is quicker, and a test that pulls no plug sees no difference. `settings` are further ones of the server,
    `programs` is the folder of another release's programs.
    """

    def __init__(
        self, *, fsync: bool = True, settings: Mapping[str, str] | None = None, programs: Path | None = None
    ) -> None:
        self.port = find_free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="headland-postgres-"))
        self._privileges: dict[str, Any] = _UNPRIVILEGED if os.geteuid() == 0 else {}
        if self._privileges:
            shutil.chown(self.folder, "nobody", "nogroup")
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        self._returned: list[str] = []
        self._settings = {"listen_addresses": "127.0.0.1", "fsync": "on" if fsync else "off", **(settings or {})}
        program = find_program("postgresql")
        assert program is not None, "PostgreSQL is not on this machine: mark the test with pytest.mark.services"
        self._bin = programs or Path(program).parent
        self._run("initdb", "--no-sync", "--auth=trust", "--username=headland", "--encoding=UTF8", "--locale=C.UTF-8",
                  "-D", str(self.folder / "data"))  # fmt: skip

    @property
    def pid(self) -> int:
        """The server's first process, whose children serve the connections."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        settings = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.folder / "data", "-p", str(self.port), "-k", self.folder,
                 *settings],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                **self._privileges,
            )  # fmt: skip
        wait_until(self._is_up)

    def kill(self) -> None:
        """End the server with SIGKILL, all its processes at once."""
        process, self._process = self._process, None
        if process is None:
            return
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
        for pid in (process.pid, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(120)
        wait_until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))

    def close(self) -> None:
        """End it and delete its files."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self, like: str | None = None) -> str:
        """Return the URL of an empty database, or of a copy of the one at the URL `like`, which nobody uses."""
        self._made += 1
        template = "" if like is None else f" TEMPLATE {like.rpartition('/')[2]}"
        with psycopg.connect(self._connection("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE test_{self._made}{template}")
        return f"postgresql://headland@127.0.0.1:{self.port}/test_{self._made}"

    def lend(self, like: str) -> str:
        """Return the URL of a database like the one at the URL `like`: one that was given back, or a copy."""
        return self._returned.pop() if self._returned else self.new_database(like)

    def take_back(self, url: str) -> None:
        """Empty a database that was lent: 500 files are copied for a new one. Whoever is still connected is put out."""
        with psycopg.connect(self._connection(url.rpartition("/")[2]), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            made = connection.execute(
                "SELECT format('DELETE FROM %I.%I', schemaname, tablename) FROM pg_tables"
                " WHERE schemaname = 'public' AND tablename <> 'alembic_version' UNION ALL"
                " SELECT format('ALTER SEQUENCE %I.%I RESTART', schemaname, sequencename) FROM pg_sequences"
                " WHERE last_value IS NOT NULL"
            ).fetchall()
            # Without foreign keys and the triggers that keep a log whole: all rows go.
            connection.execute("SET session_replication_role = replica")
            connection.execute("; ".join(statement for (statement,) in made).encode())
        self._returned.append(url)

    def _connection(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=headland dbname={database} connect_timeout=2"

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "log").read_text(encoding="utf-8", errors="replace")
        try:
            psycopg.connect(self._connection("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._bin / program, *arguments], cwd=self.folder, capture_output=True, text=True, check=False,
            **self._privileges,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
