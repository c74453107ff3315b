"""Mutants of how a station accounts for records, and of its clock."""

# ruff: noqa: E501 - the exact text of a line

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

_WRITER: Final = "ingest/writer.py"
_BUILDER: Final = "ingest/commit/batch_builder.py"
_STORAGE: Final = "ingest/commit/batch_storage.py"
_DELIVERY: Final = "ingest/accounting/delivery.py"
_QUEUE: Final = "edge/spool/queue.py"
_MARKS: Final = "headland/store/core/state.py"

STATION_MUTANTS: Final = (
    # Ingest accounts for each record once.
    Mutant(
        "contents are not compared by ingest",
        _BUILDER,
        "                return planned.digests[epoch, seq] == digest\n        return self._digests.is_same(epoch, seq, digest)",
        "                return True\n        return True",
        test="tests/ingest/accounting/test_delivery.py::test_a_quarantined_record_that_arrives_whole_is_stored",
    ),
    Mutant(
        "replaced contents are not compared",
        _BUILDER,
        "                    self._compare_with_replaced(batch, mark, digest)",
        "                    pass",
        test="tests/ingest/test_other_content.py::test_of_a_replaced_store_what_is_not_proven_to_be_stored_again_is_lost",
    ),
    Mutant(
        "records of a replaced store are not looked for",
        _BUILDER,
        "                replaced[epoch] = subtract(((1, last),), state.accounted)",
        "                pass",
        test="tests/ingest/test_other_content.py::test_of_a_replaced_store_what_is_not_proven_to_be_stored_again_is_lost",
    ),
    Mutant(
        "deleted records are not accounted for",
        _BUILDER,
        "            self._account_for_deleted(batch, mark, message)",
        "            pass",
        test="tests/ingest/accounting/test_delivery.py::test_the_report_agrees_with_the_history_of_each_record",
    ),
    Mutant(
        "marks are not written",
        _MARKS,
        "            changed[source] = before.add(mark)",
        "            changed[source] = before",
        test="tests/store/test_books.py::test_a_record_that_was_refused_is_counted_once_its_content_comes[memory]",
    ),
    Mutant(
        "gaps are closed by what lies ahead",
        "headland/store/port.py",
        "        if not self.ahead and mark.first <= self.high_water + 1:",
        "        if not self.ahead:",
        test="tests/store/test_books.py::test_each_record_is_counted_once_however_often_it_is_written[memory]",
    ),
    Mutant(
        "recorded marks are not saved",
        "ingest/quarantine/saved_marks.py",
        "            self._quarantine.save_marks(marks, digests, shortened)",
        "            pass",
        test="tests/ingest/test_positive_books.py::test_a_restored_station_names_what_is_gone_of_an_ended_epoch",
    ),
    Mutant(
        "acked numbers of gateways are not noted",
        _WRITER,
        "            self.saved_marks.note_told(status)",
        "            pass",
        test="tests/ingest/test_positive_books.py::test_a_restored_station_names_what_is_gone_of_an_ended_epoch",
    ),
    Mutant(
        "ended epochs are not told",
        _QUEUE,
        "            known = self._file.check.ended(self.epoch)",
        "            known = []",
        test="tests/edge/spool/numbering/test_ended.py::test_each_epoch_that_ended_is_told_with_what_was_acked",
    ),
    # Books.
    Mutant(
        "quarantined message is not stored",
        "ingest/quarantine/quarantine.py",
        "                insert_message(connection, refusal, now_ms)",
        "                pass",
        test="tests/ingest/quarantine/test_quarantine.py::test_a_message_has_its_gateway_and_records",
    ),
    Mutant(
        "quarantine without disposition",
        _BUILDER,
        "                batch.dispositions.append(DispositionEntry(mark.gateway, mark.epoch, disposition, fresh))",
        "                pass",
        test="tests/ingest/accounting/test_delivery.py::test_the_report_agrees_with_the_history_of_each_record",
    ),
    Mutant(
        "refusals of the store are not quarantined",
        _STORAGE,
        "        if result.rejections:",
        "        if False:",
        test="tests/ingest/quarantine/test_rejected.py::test_a_message_with_rejected_samples_is_quarantined_and_the_rest_of_it_stored",
    ),
    Mutant(
        "replays have no numbers",
        "ingest/quarantine/quarantine.py",
        "                replays.record_replay(connection, records, number)",
        "                pass",
        test="tests/ingest/quarantine/test_quarantine.py::test_a_store_that_lacks_a_replay_has_its_records_named_once",
    ),
    Mutant(
        "entries of the book are left out",
        _MARKS,
        "        changed[source] = replace(state, book=state.book.add(of_it))",
        "        changed[source] = state",
        test="tests/store/test_books.py::test_each_record_is_counted_once_however_often_it_is_written[memory]",
    ),
    Mutant(
        "every record counts as stored",
        _DELIVERY,
        '    counts["not_known"] += free',
        '    counts["stored"] += free',
        test="tests/ingest/accounting/test_delivery.py::test_each_accounted_record_has_one_state",
    ),
    Mutant(
        "loss is always 0",
        _DELIVERY,
        "        loss=sum(report.loss for report in by_epoch),",
        "        loss=0,",
        test="tests/ingest/accounting/test_delivery.py::test_the_report_agrees_with_the_history_of_each_record",
    ),
    Mutant(
        "unsaved records are left out of the loss",
        _DELIVERY,
        "delivery.lost + count(unsaved) + shortened.older",
        "delivery.lost + shortened.older",
        test="tests/ingest/accounting/test_delivery.py::test_the_report_agrees_with_the_history_of_each_record",
    ),
    Mutant(
        "unsaved records are left out of the list",
        _DELIVERY,
        "    known_lost = merge([*states.lost, *unsaved])",
        "    known_lost = merge([*states.lost])",
        test="tests/ingest/accounting/test_delivery.py::test_the_report_agrees_with_the_history_of_each_record",
    ),
    Mutant(
        "shortened spools are not counted",
        _DELIVERY,
        "    vanished = subtract(shortened.ranges, accounted)",
        "    vanished = ()",
        test="tests/ingest/test_positive_books.py::test_a_station_that_lost_the_report_names_what_a_status_says_is_missing",
    ),
    Mutant(
        "gone records are not named",
        _DELIVERY,
        "    named = merge([*intersect(discarded.ranges, accounted), *server_lost, *gone])",
        "    named = merge([*intersect(discarded.ranges, accounted), *server_lost])",
        test="tests/ingest/accounting/test_delivery.py::test_the_report_agrees_with_the_history_of_each_record",
    ),
    Mutant(
        "missing ranges are not told",
        "edge/uplink/announcer.py",
        "            shortened=self._spool.shortened(),",
        "            shortened=(),",
        test="tests/edge/spool/numbering/test_shortened.py::test_what_was_reported_as_missing_is_told_also_after_the_commit_ack_of_the_report",
    ),
    Mutant(
        "messages of a damaged quarantine count as waiting",
        "ingest/quarantine/quarantine_file.py",
        "            ledger.record_dispositions(connection, _missing_messages(connection))",
        "            pass",
        test="tests/ingest/quarantine/test_quarantine.py::test_a_damaged_page_stops_nothing_and_what_is_readable_is_kept",
    ),
    Mutant(
        "spools of a replaced store do not wait for the quarantine",
        "ingest/commit/waiting_messages.py",
        "        self._required.update(spools)",
        "        pass",
        test="tests/ingest/test_full_quarantine.py::test_the_spools_of_a_replaced_store_wait_until_their_loss_can_be_noted",
    ),
    # Time.
    Mutant(
        "jumped clock is believed",
        "headland/clock/station_clock/judgement.py",
        "    if abs(deviation_ms) > AGREE_MS:",
        "    if False:",
        test="tests/clock/test_station_clock.py::test_a_step_of_the_clock_is_doubted_at_the_next_look",
    ),
)
