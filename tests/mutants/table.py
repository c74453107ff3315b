"""Table of the mutants: one line of a guard, and what stands there when it is broken."""

# ruff: noqa: E501 - the exact text of a line

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Mutant:
    """`text` occurs exactly once in `file` and is replaced.

    The simulation finds it, or `test` does, a test by its id; `redundant` names the guards that cover it instead.
    """

    name: str
    file: str
    text: str
    replacement: str
    test: str = ""
    redundant: str = ""


_WRITER: Final = "ingest/writer.py"
_BUILDER: Final = "ingest/commit/batch_builder.py"
_STORAGE: Final = "ingest/commit/batch_storage.py"
_DELIVERY: Final = "ingest/accounting/delivery.py"
_BOOK: Final = "headland/store/record_book.py"
_CHECK: Final = "edge/spool/numbering/check.py"
_EPOCHS: Final = "edge/spool/numbering/epochs.py"
_FILE: Final = "edge/spool/file.py"
_QUEUE: Final = "edge/spool/queue.py"
_ROWS: Final = "edge/spool/rows.py"
_MARKS: Final = "headland/store/core/state.py"
_UPLINK: Final = "edge/uplink/uplink.py"

MUTANTS: Final = (
    # What is acknowledged is on a disk.
    Mutant(
        "ack before the commit",
        _WRITER,
        "            committed = in_flight.done.result()",
        "            committed = True",
    ),
    Mutant(
        "failed commit taken for a commit",
        _WRITER,
        '            except transient as error:\n                self.counts["retries"] += 1',
        '            except transient as error:\n                return True\n                self.counts["retries"] += 1',
    ),
    Mutant("spool commits are not synced", "edge/spool/schema.py", "PRAGMA synchronous=FULL", "PRAGMA synchronous=OFF"),
    Mutant(
        "check file is never synced",
        "edge/spool/identity/check_file.py",
        "        if durable:\n            self._sync(self._fd)",
        "        if False:\n            self._sync(self._fd)",
    ),
    Mutant(
        "publishing is not durable",
        _CHECK,
        "            self._reserved.add(first, last + _AHEAD)\n            self._write(totals, durable=True",
        "            self._reserved.add(first, last + _AHEAD)\n            self._write(totals, durable=False",
    ),
    Mutant(
        "publishing is not noted", _CHECK, "        if not self._reserved.covers(first, last):", "        if False:"
    ),
    Mutant(
        "append succeeds on a disk error",
        _QUEUE,
        "                file.note_failure(error)\n                return False\n            file.totals = totals\n            file.check.note(",
        "                file.note_failure(error)\n                return True\n            file.totals = totals\n            file.check.note(",
    ),
    Mutant(
        "disk error of a deletion is swallowed",
        _FILE,
        "            if not is_full(error):\n                raise",
        "            if not is_full(error):\n                return self.totals",
    ),
    # Numbers mean one record.
    Mutant(
        "epoch is used again",
        _FILE,
        "            epoch = self._machine.make_epoch() if version else totals.epoch\n",
        "            epoch = totals.epoch\n",
    ),
    Mutant(
        "new epoch keeps the old id",
        _FILE,
        "        self._begin(renewal, self._machine.make_epoch())\n\n    def look_after",
        "        self._begin(renewal, self.totals.epoch)\n\n    def look_after",
    ),
    Mutant(
        "numbers start where they were not used",
        _ROWS,
        "        last_row=max(last_row, newest),",
        "        last_row=newest,",
    ),
    Mutant(
        "missing records are not looked for",
        _EPOCHS,
        "    return _name(totals.epoch, [(acked + 1, head - 1), *opened.holes, tail])",
        "    return ()",
    ),
    Mutant(
        "tail of a spool is not compared",
        _EPOCHS,
        "    tail = (max(totals.last_seq, acked) + 1, check.last)",
        "    tail = (1, 0)",
    ),
    Mutant(
        "copied spool is not noticed", _EPOCHS, "    moved = compare_places(check.place, place)", "    moved = None"
    ),
    Mutant(
        "older file is not noticed",
        _EPOCHS,
        "    if check.epoch != totals.epoch or Published(check.published).covers(check.acked + 1, totals.acked_seq):",
        "    if True:",
    ),
    Mutant(
        "records of a lost check file count as known",
        _EPOCHS,
        "    if opened.is_new and check is Unreadable.MISSING and not opened.had_bytes:",
        "    if check is Unreadable.MISSING:",
    ),
    Mutant(
        "reports are not repeated",
        _EPOCHS,
        "    again = tuple(MissingRecords(*each) for each in check.unreported)",
        "    again = ()",
    ),
    Mutant(
        "doubts are not repeated",
        _EPOCHS,
        "    return replace(renewal, again=again, doubts=tuple(check.doubts))",
        "    return replace(renewal, again=again)",
    ),
    Mutant(
        "unproven epoch goes on",
        _UPLINK,
        "        return not self._spool.is_unproven\n\n    def _follow_epoch",
        "        return True\n\n    def _follow_epoch",
    ),
    # A commit ack deletes its own records alone.
    Mutant("ack above the last number is believed", _CHECK, "        if seq > totals.last_seq:", "        if False:"),
    Mutant(
        "ack is not checked against what was published",
        _CHECK,
        "        if not self._published.covers(totals.acked_seq + 1, seq):",
        "        if False:",
    ),
    Mutant(
        "contents of acks are not compared",
        _CHECK,
        "        if other_seq is not None and other_seq > totals.acked_seq:",
        "        if False:",
    ),
    Mutant(
        "deletion before the PUBACK",
        _QUEUE,
        "                upto = seq if arrived_upto is None else min(seq, arrived_upto(totals.acked_seq))",
        "                upto = seq",
    ),
    Mutant(
        "ack of another epoch deletes",
        _QUEUE,
        '            if epoch != totals.epoch:\n                self._counters["foreign_acks"] += 1\n                return False',
        "            if False:\n                return False",
    ),
    Mutant(
        "message that nobody heard counts as arrived",
        _UPLINK,
        "is_heard=answer.refused is None and not answer.no_subscribers)",
        "is_heard=True)",
    ),
    # Ingest accounts for each record once.
    Mutant(
        "contents are not compared by ingest",
        _BUILDER,
        "                return planned.digests[epoch, seq] == digest\n        return self._digests.is_same(epoch, seq, digest)",
        "                return True\n        return True",
    ),
    Mutant(
        "replaced contents are not compared",
        _BUILDER,
        "                    self._compare_with_replaced(batch, mark, digest)",
        "                    pass",
    ),
    Mutant(
        "records of a replaced store are not looked for",
        _BUILDER,
        "                replaced[epoch] = subtract(((1, last),), state.accounted)",
        "                pass",
    ),
    Mutant(
        "deleted records are not accounted for",
        _BUILDER,
        "            self._account_for_deleted(batch, mark, message)",
        "            pass",
    ),
    Mutant(
        "marks are not written",
        _MARKS,
        "            changed[source] = before.add(mark)",
        "            changed[source] = before",
    ),
    Mutant(
        "gaps are closed by what lies ahead",
        "headland/store/port.py",
        "        if not self.ahead and mark.first <= self.high_water + 1:",
        "        if not self.ahead:",
    ),
    Mutant(
        "recorded marks are not saved",
        "ingest/quarantine/saved_marks.py",
        "            self._quarantine.save_marks(marks, digests, shortened)",
        "            pass",
    ),
    Mutant(
        "acked numbers of gateways are not noted",
        _WRITER,
        "            self.saved_marks.note_told(status)",
        "            pass",
    ),
    Mutant(
        "ended epochs are not told",
        _QUEUE,
        "            known = self._file.check.ended(self.epoch)",
        "            known = []",
    ),
    # Books.
    Mutant(
        "quarantined message is not stored",
        "ingest/quarantine/quarantine.py",
        "                insert_message(connection, refusal, now_ms)",
        "                pass",
    ),
    Mutant(
        "quarantine without disposition",
        _BUILDER,
        "                batch.dispositions.append(DispositionEntry(mark.gateway, mark.epoch, disposition, fresh))",
        "                pass",
    ),
    Mutant("refusals of the store are not quarantined", _STORAGE, "        if result.rejections:", "        if False:"),
    Mutant(
        "replays have no numbers",
        "ingest/quarantine/quarantine.py",
        "                replays.record_replay(connection, records, number)",
        "                pass",
    ),
    Mutant(
        "entries of the book are left out",
        _MARKS,
        "        changed[source] = replace(state, book=state.book.add(of_it))",
        "        changed[source] = state",
    ),
    Mutant(
        "every record counts as stored", _DELIVERY, '    counts["not_known"] += free', '    counts["stored"] += free'
    ),
    Mutant("loss is always 0", _DELIVERY, "        loss=sum(report.loss for report in by_epoch),", "        loss=0,"),
    Mutant(
        "unsaved records are left out of the loss",
        _DELIVERY,
        "delivery.lost + count(unsaved) + shortened.older",
        "delivery.lost + shortened.older",
    ),
    Mutant(
        "unsaved records are left out of the list",
        _DELIVERY,
        "    known_lost = merge([*states.lost, *unsaved])",
        "    known_lost = merge([*states.lost])",
    ),
    Mutant(
        "shortened spools are not counted",
        _DELIVERY,
        "    vanished = subtract(shortened.ranges, accounted)",
        "    vanished = ()",
    ),
    Mutant(
        "gone records are not named",
        _DELIVERY,
        "    named = merge([*intersect(discarded.ranges, accounted), *server_lost, *gone])",
        "    named = merge([*intersect(discarded.ranges, accounted), *server_lost])",
    ),
    # Time.
    Mutant(
        "jumped clock is believed",
        "headland/station_clock/judgement.py",
        "    if abs(deviation_ms) > AGREE_MS:",
        "    if False:",
    ),
)
