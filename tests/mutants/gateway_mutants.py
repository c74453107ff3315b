"""Mutants of what a gateway does for a record, and of the acks of ingest."""

# ruff: noqa: E501 - the exact text of a line

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

_WRITER: Final = "ingest/writer.py"
_CHECK: Final = "edge/spool/numbering/check.py"
_EPOCHS: Final = "edge/spool/numbering/epochs.py"
_FILE: Final = "edge/spool/file.py"
_QUEUE: Final = "edge/spool/queue.py"
_ROWS: Final = "edge/spool/rows.py"
_UPLINK: Final = "edge/uplink/uplink.py"

GATEWAY_MUTANTS: Final = (
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
        test="tests/ingest/test_other_content.py::test_a_comparison_survives_a_store_that_fails_after_its_commit",
    ),
    Mutant("spool commits are not synced", "edge/spool/schema.py", "PRAGMA synchronous=FULL", "PRAGMA synchronous=OFF"),
    Mutant(
        "check file is never synced",
        "edge/spool/identity/check_file.py",
        "        if durable:\n            self._sync(self._fd)",
        "        if False:\n            self._sync(self._fd)",
        test="tests/edge/spool/identity/test_check_file.py::test_after_a_power_cut_the_commit_ack_of_what_was_sent_is_the_spools_own",
    ),
    Mutant(
        "publishing is not durable",
        _CHECK,
        "            self._reserved.add(first, last + _AHEAD)\n            self._write(totals, durable=True",
        "            self._reserved.add(first, last + _AHEAD)\n            self._write(totals, durable=False",
        test="tests/edge/spool/identity/test_check_file.py::test_after_a_power_cut_the_commit_ack_of_what_was_sent_is_the_spools_own",
    ),
    Mutant(
        "publishing is not noted",
        _CHECK,
        "        if not self._reserved.covers(first, last):",
        "        if False:",
        test="tests/edge/spool/numbering/test_epochs.py::test_an_ack_is_believed_as_far_as_all_was_published_also_ahead_of_a_backlog",
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
        test="tests/edge/spool/test_disk_reserve.py::test_a_deletion_that_the_disk_refuses_is_counted_and_reported",
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
        test="tests/edge/spool/numbering/test_epochs.py::test_no_flipped_bit_and_no_lost_tail_takes_a_record_in_silence",
    ),
    Mutant(
        "copied spool is not noticed",
        _EPOCHS,
        "    moved = compare_places(check.place, place)",
        "    moved = None",
        test="tests/edge/spool/numbering/test_epochs.py::test_a_copy_of_a_folder_has_its_own_epoch_and_the_ack_of_the_original_deletes_nothing",
    ),
    Mutant(
        "older file is not noticed",
        _EPOCHS,
        "    if check.epoch != totals.epoch or Published(check.published).covers(check.acked + 1, totals.acked_seq):",
        "    if True:",
        test="tests/edge/spool/numbering/test_epochs.py::test_a_file_and_a_check_file_of_two_histories_of_an_epoch_name_what_only_the_check_file_knows",
    ),
    Mutant(
        "records of a lost check file count as known",
        _EPOCHS,
        "    if opened.is_new and check is Unreadable.MISSING and not opened.had_bytes:",
        "    if check is Unreadable.MISSING:",
        test="tests/edge/spool/numbering/test_epochs.py::test_no_deleted_file_takes_a_record_in_silence",
    ),
    Mutant(
        "reports are not repeated",
        _EPOCHS,
        "    again = tuple(MissingRecords(*each) for each in check.unreported)",
        "    again = ()",
        test="tests/edge/spool/numbering/test_epochs.py::test_a_report_of_missing_records_that_is_lost_itself_is_repeated_until_it_is_confirmed",
    ),
    Mutant(
        "doubts are not repeated",
        _EPOCHS,
        "    return replace(renewal, again=again, doubts=tuple(check.doubts))",
        "    return replace(renewal, again=again)",
        test="tests/edge/spool/numbering/test_reports.py::test_what_a_lost_report_said_is_reported_again_with_its_own_time",
    ),
    Mutant(
        "unproven epoch goes on",
        _UPLINK,
        "        return not self._spool.is_unproven\n\n    def _follow_epoch",
        "        return True\n\n    def _follow_epoch",
        test="tests/edge/uplink/test_reconnects.py::test_without_a_retained_ack_a_restarted_gateway_waits_a_moment_and_sends",
    ),
    # A commit ack deletes its own records alone.
    Mutant(
        "ack above the last number is believed",
        _CHECK,
        "        if seq > totals.last_seq:",
        "        if False:",
        test="tests/edge/spool/test_queue.py::test_a_restored_backup_gets_a_new_epoch_instead_of_used_numbers",
    ),
    Mutant(
        "ack is not checked against what was published",
        _CHECK,
        "        if not self._published.covers(totals.acked_seq + 1, seq):",
        "        if False:",
        test="tests/edge/spool/numbering/test_epochs.py::test_a_backup_restored_in_its_place_loses_nothing_to_acks_of_what_was_sent_since",
    ),
    Mutant(
        "contents of acks are not compared",
        _CHECK,
        "        if other_seq is not None and other_seq > totals.acked_seq:",
        "        if False:",
        test="tests/edge/spool/numbering/test_epochs.py::test_an_ack_for_another_content_deletes_nothing_and_begins_an_epoch",
    ),
    Mutant(
        "deletion before the PUBACK",
        _QUEUE,
        "                upto = seq if arrived_upto is None else min(seq, arrived_upto(totals.acked_seq))",
        "                upto = seq",
        test="tests/edge/spool/numbering/test_epochs.py::test_a_commit_ack_deletes_nothing_that_has_not_arrived_at_the_broker",
    ),
    Mutant(
        "ack of another epoch deletes",
        _QUEUE,
        '            if epoch != totals.epoch:\n                self._counters["foreign_acks"] += 1\n                return False',
        "            if False:\n                return False",
        test="tests/edge/spool/test_queue.py::test_a_confirmation_of_another_epoch_changes_nothing",
    ),
    Mutant(
        "message that nobody heard counts as arrived",
        _UPLINK,
        "is_heard=answer.refused is None and not answer.no_subscribers)",
        "is_heard=True)",
        test="tests/edge/uplink/test_reconnects.py::test_what_nobody_heard_is_not_deleted_by_a_commit_ack",
    ),
)
