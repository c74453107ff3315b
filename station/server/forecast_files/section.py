"""Forecast files of a farm, as the weather worker looks at them: each is read once, each run of a model an issue."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from headland.analysis.weather.provider_forecast import read_state
from headland.errors import SettingsError
from headland.formats.weather.files import FILES
from headland.formats.weather.grib_forecast import decode_run
from headland.formats.weather.grib_points import GribPoint
from headland.formats.weather.provider import DecodedForecast, ForecastQuery, RefusedAnswer, RefusedForecast
from headland.network import polite_requests as polite
from headland.network.polite_requests import RequestFault, RequestRules, RequestState
from headland.registry.repositories.weather import name_of_place
from station.server.forecast_files import csv_table
from station.server.forecast_files.folder import (
    MOST_BYTES,
    MOST_FILES,
    TABLE_SUFFIXES,
    FileMark,
    ForecastFolder,
    digest_of,
)
from station.server.forecast_files.reader_process import FileFaultError, NoReaderError, read_file

if TYPE_CHECKING:
    from headland.registry.repositories.organisation_repositories import OrganisationRepositories

#: Points that are kept in memory, for a run whose steps arrive in files of their own.
_MOST_POINTS: Final = 200_000
_MOST_FAULT: Final = 160
_Answer = DecodedForecast | RefusedForecast
_Told = tuple[ForecastQuery, _Answer]


class FolderState(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a folder: its files, and the places for which they were read."""

    files: tuple[FileMark, ...] = ()
    places: tuple[str, ...] = ()


@dataclass(slots=True)
class ForecastFiles:
    """Reads the folder of a station, of None nothing."""

    folder: Path | None
    stopping: threading.Event
    read: int = 0
    refused: int = 0
    issues: int = 0
    _look: ForecastFolder | None = None
    _places: tuple[str, ...] = ()
    _points: dict[FileMark, list[GribPoint]] = field(default_factory=dict)

    def look(self, repositories: OrganisationRepositories, queries: Sequence[ForecastQuery], now_ms: int) -> None:
        """Read what is new for the places of queries. Raises RetryLater."""
        if not queries:
            return
        if self.folder is None:
            self._tell(repositories, queries, now_ms, RequestFault.NO_FOLDER, "")
            return
        self._look = self._look or ForecastFolder(self.folder)
        known = _read_folder_state(repositories)
        places = tuple(name_of_place(query.place) for query in queries)
        # A place that is new gets what is there.
        marks = known.files if known.places == places else ()
        if self._places != places:
            self._places = places
            self._points.clear()
        try:
            new = self._look.new_files(marks)
        except OSError as error:
            self._tell(repositories, queries, now_ms, RequestFault.FILE_REFUSED, f"{self.folder.name}: {error}")
            return
        read, unread = self._read_new(repositories, queries, marks, new, now_ms)
        if read or known.places != places:
            names = {mark.name for mark in read}
            kept = [*read, *(mark for mark in marks if mark.name not in names)][:MOST_FILES]
            _save(repositories, FolderState(files=tuple(kept), places=places), now_ms)
            marks = tuple(kept)
        faults = [f"{mark.name}: {mark.fault}" for mark in marks if mark.fault and self._is_there(mark)]
        found = "; ".join([*unread, *faults])[:200]
        self._tell(repositories, queries, now_ms, RequestFault.FILE_REFUSED if found else None, found)

    def _read_new(
        self,
        repositories: OrganisationRepositories,
        queries: Sequence[ForecastQuery],
        known: Sequence[FileMark],
        new: Sequence[FileMark],
        now_ms: int,
    ) -> tuple[list[FileMark], list[str]]:
        """Return the marks of the files that were read or refused, and the faults of those that are tried again."""
        marks: dict[str, FileMark] = {}
        unread: list[str] = []
        answers: dict[str, list[_Told]] = {}
        of_grib: list[FileMark] = []
        digests = {mark.digest: mark for mark in known}
        for mark in new:
            try:
                found = self._with_digest(mark)
                same = digests.get(found.digest)
                if same is not None:
                    # The same content under another name.
                    marks[mark.name] = msgspec.structs.replace(found, runs_ms=same.runs_ms, fault=same.fault)
                elif Path(mark.name).suffix.lower() in TABLE_SUFFIXES:
                    marks[mark.name] = found
                    answers[mark.name] = self._read_table(found, queries, now_ms)
                else:
                    found = self._with_runs(found, queries)
                    of_grib.append(found)
                    marks[mark.name] = digests[found.digest] = found
            except NoReaderError as error:
                unread.append(f"{mark.name}: {error}")
            except (FileFaultError, SettingsError, OSError) as error:
                if self.stopping.is_set():
                    break
                marks[mark.name] = msgspec.structs.replace(mark, fault=str(error)[:_MOST_FAULT])
                self.refused += 1
        by_run = self._read_runs(of_grib, known, queries, now_ms)
        for mark in of_grib:
            answers[mark.name] = [told for run_ms in mark.runs_ms for told in by_run[run_ms]]
        for name, told in answers.items():
            marks[name] = _judged(marks[name], [answer for _, answer in told])
            self.refused += bool(marks[name].fault)
            self.read += not marks[name].fault
        for told in [*by_run.values(), *(told for name, told in answers.items() if not marks[name].runs_ms)]:
            for query, answer in told:
                if isinstance(answer, DecodedForecast):
                    self._keep(repositories, query, answer, now_ms)
        return list(marks.values()), unread

    def _with_digest(self, mark: FileMark) -> FileMark:
        if mark.size > MOST_BYTES:
            raise FileFaultError(f"it is larger than {MOST_BYTES // 1024**2} MiB: cut the region out of it")
        return msgspec.structs.replace(mark, digest=digest_of(self._path(mark)))

    def _read_table(self, mark: FileMark, queries: Sequence[ForecastQuery], now_ms: int) -> list[_Told]:
        if mark.size > csv_table.MOST_BYTES:
            raise FileFaultError(f"it is larger than {csv_table.MOST_BYTES // 1000**2} MB")
        body = self._path(mark).read_bytes()
        return [(query, csv_table.decode_table(self._path(mark), body, query, now_ms)) for query in queries]

    def _with_runs(self, mark: FileMark, queries: Sequence[ForecastQuery]) -> FileMark:
        points = self._read_points(mark, queries)
        runs = sorted({point.run_ms for point in points if not point.problem})
        if not runs:
            problems = sorted({point.problem for point in points})
            raise FileFaultError("; ".join(problems) or "it has no quantity that is read")
        return msgspec.structs.replace(mark, runs_ms=tuple(runs))

    def _read_runs(
        self, new: Sequence[FileMark], known: Sequence[FileMark], queries: Sequence[ForecastQuery], now_ms: int
    ) -> dict[int, list[_Told]]:
        """Return the issues of the runs of new files, also of their steps in older ones, by place."""
        runs = sorted({run_ms for mark in new for run_ms in mark.runs_ms})
        points = [point for mark in new for point in self._read_points(mark, queries)]
        fresh = {mark.digest for mark in new}
        for mark in known:
            if mark.digest not in fresh and set(runs) & set(mark.runs_ms) and self._is_there(mark):
                points += self._read_points(mark, queries)
        by_run: dict[int, list[_Told]] = {}
        for age, run_ms in enumerate(reversed(runs)):
            of_run = [point for point in points if point.run_ms == run_ms]
            by_run[run_ms] = [
                # What was known last is the newest run.
                (query, decode_run([point for point in of_run if point.place == index], query, now_ms - age))
                for index, query in enumerate(queries)
            ]
        return by_run

    def _read_points(self, mark: FileMark, queries: Sequence[ForecastQuery]) -> list[GribPoint]:
        kept = msgspec.structs.replace(mark, runs_ms=(), fault="")
        if kept not in self._points:
            points = read_file(self._path(mark), [query.place for query in queries], self.stopping)
            self._points[kept] = points
            while len(self._points) > 1 and sum(len(each) for each in self._points.values()) > _MOST_POINTS:
                del self._points[next(iter(self._points))]
        return self._points[kept]

    def _keep(
        self, repositories: OrganisationRepositories, query: ForecastQuery, decoded: DecodedForecast, now_ms: int
    ) -> None:
        """Keep an issue that is not older than the one that is known."""
        weather, issue = repositories.weather, decoded.issue
        newest = weather.said_at(query.place, now_ms, FILES.name)
        if newest is not None and (issue.issued_ms or now_ms) < (newest.issued_ms or 0):
            return
        self.issues += weather.add(issue)
        state = read_state(weather.state(FILES.name, name_of_place(query.place)))
        left_out = ", ".join(f"{name} {count}" for name, count in sorted(decoded.left_out.items()))
        state = polite.note_document(state, RequestRules(), 200, {}, now_ms, 0.0, left_out)
        _save_place(repositories, query, msgspec.structs.replace(state, next_ms=0), now_ms)

    def _tell(
        self,
        repositories: OrganisationRepositories,
        queries: Sequence[ForecastQuery],
        now_ms: int,
        fault: RequestFault | None,
        detail: str,
    ) -> None:
        """Save what is wrong with the folder, where it is another than before."""
        for query in queries:
            state = read_state(repositories.weather.state(FILES.name, name_of_place(query.place)))
            # Without a fault the detail is what was left out of the last file.
            if state.fault is not fault or (fault is not None and state.detail != detail):
                told = msgspec.structs.replace(state, fault=fault, detail=detail, asked_ms=now_ms)
                _save_place(repositories, query, told, now_ms)

    def _is_there(self, mark: FileMark) -> bool:
        try:
            found = self._path(mark).lstat()
        except OSError:
            return False
        return (found.st_size, found.st_mtime_ns) == (mark.size, mark.changed_ns)

    def _path(self, mark: FileMark) -> Path:
        return (self.folder or Path()) / mark.name


def _judged(mark: FileMark, answers: Sequence[_Answer]) -> FileMark:
    """Return the mark of a file, with its fault where it has a forecast of none of the places."""
    if mark.fault or any(isinstance(answer, DecodedForecast) for answer in answers):
        return mark
    refusals = [answer for answer in answers if isinstance(answer, RefusedForecast)]
    # Of several the nearest to a forecast tells the most.
    first = min(refusals, key=lambda each: each.reason is RefusedAnswer.OTHER_PLACE, default=None)
    fault = "it has no place" if first is None else f"{first.reason.value.replace('_', ' ')} {first.detail}".strip()
    return msgspec.structs.replace(mark, fault=fault[:_MOST_FAULT])


def _read_folder_state(repositories: OrganisationRepositories) -> FolderState:
    saved = repositories.weather.state(FILES.name, "")
    try:
        return FolderState() if saved is None else msgspec.convert(saved, FolderState)
    except msgspec.ValidationError:
        return FolderState()


def _save(repositories: OrganisationRepositories, state: FolderState, now_ms: int) -> None:
    repositories.weather.save_state(FILES.name, "", msgspec.to_builtins(state), now_ms)


def _save_place(repositories: OrganisationRepositories, query: ForecastQuery, state: RequestState, now_ms: int) -> None:
    repositories.weather.save_state(FILES.name, name_of_place(query.place), msgspec.to_builtins(state), now_ms)
