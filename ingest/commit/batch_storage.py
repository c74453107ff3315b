"""Storage of a batch: refusals and claims in the quarantine, descriptors and samples in the store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial

from headland.clock.station_clock.record import TimeLimits
from headland.contract.refusals import Reason
from headland.errors import QuarantineUnavailable
from headland.store.port import Store, WriteBatch, WriteResult
from ingest.accounting.ledger import Disposition, DispositionEntry
from ingest.commit.batch_builder import CommitBatchBuilder
from ingest.commit.commit_batch import CommitBatch
from ingest.quarantine.quarantine import Quarantine
from ingest.quarantine.rejected import refuse_messages


@dataclass(frozen=True, slots=True)
class BatchStorage:
    """Where a batch that `builder` made goes, in the commit thread: the connection of the quarantine belongs to it."""

    organisation: str
    to: Store
    quarantine: Quarantine
    builder: CommitBatchBuilder
    limits: TimeLimits

    def store(self, batch: CommitBatch) -> tuple[WriteBatch, WriteResult] | None:
        """Store a batch; return what the store was given and its result, None for nothing but refusals.

        What the quarantine does not take after the store had the batch is owed. Where it raises, it is called again
        with the same batch: what is done is not done twice.
        """
        if batch.claims and self.quarantine.error and not batch.needs_quarantine:
            batch.claims.clear()  # they are saved with a later batch; the store has the owners of devices, too
        if (batch.needs_quarantine or batch.claims) and not batch.is_quarantined:
            self._write_quarantine(batch)
            batch.is_quarantined = True
        for (gateway, device), descriptor in batch.descriptors.items():
            owner = self.builder.owners.owner(device) or gateway
            self.to.describe(self.organisation, owner, descriptor)
        if batch.is_empty:
            return None
        write_batch = batch.to_write_batch(self.limits)
        if batch.result is None:
            batch.result = self.to.write(write_batch)
        result = batch.result
        if result.rejections:
            self._quarantine_rejected(batch, result)
        self._count_contradictions(batch, result)
        batch.counts["points"] += result.accepted
        batch.counts["points_duplicate"] += result.duplicate
        batch.counts["points_conflicting"] += result.conflicting
        return write_batch, result

    def _write_quarantine(self, batch: CommitBatch) -> None:
        try:
            self.quarantine.add(
                batch.refusals, self.limits.now_ms, batch.dispositions, batch.claims, batch.lasting, batch.spool_reports
            )
        except QuarantineUnavailable:
            if batch.needs_quarantine:
                raise
            batch.claims.clear()

    def _count_contradictions(self, batch: CommitBatch, result: WriteResult) -> None:
        """Count, for each gateway, samples that were not stored and records whose content was not known before."""
        all_new = not (result.duplicate or result.conflicting or result.rejected)
        if all_new and not (batch.counts["compared"] or batch.other_content):
            return
        lasting: Counter[tuple[str, str]] = Counter()
        other = []
        for number, origin in enumerate(batch.origins):
            counts = result.by_origin.get(number)
            if counts is not None and counts.conflicting:
                lasting[origin.gateway, "conflicting"] += counts.conflicting
            is_other = all_new if counts is None else counts.accepted or counts.conflicting
            if origin.is_again and origin.mark is not None and is_other:
                other.append(origin.mark)
        for mark in (*batch.other_content, *other):
            lasting[mark.gateway, "other_content"] += 1
        if lasting:
            try:
                self.quarantine.add_counts(lasting)
            except QuarantineUnavailable:
                batch.owed_counts += lasting
            batch.activity.counts.update(lasting)
            batch.other_content += other

    def _quarantine_rejected(self, batch: CommitBatch, result: WriteResult) -> None:
        """Quarantine the messages of samples that the store will never accept, before anything is acknowledged."""
        rejections = batch.rejections = result.rejections
        refused = [
            DispositionEntry(mark.gateway, mark.epoch, Disposition.REFUSED, ((mark.first, mark.last),))
            for mark in result.refused
        ]
        refusals = batch.rejected = refuse_messages(batch.messages, rejections, partial(self.builder.admit, batch))
        try:
            self.quarantine.add(refusals, self.limits.now_ms, refused)
        except QuarantineUnavailable:
            batch.owed_refusals += refusals
            batch.owed_dispositions += refused
        batch.counts["points_rejected"] += len(rejections)
        batch.counts[f"quarantined_{Reason.STORE_REFUSED}"] += len(refusals)
        for refusal in refusals:
            if refusal.source is not None:
                batch.activity.counts[refusal.source.gateway, "quarantined"] += 1
