"""Storing what gateways say that model calls cost: each record once, however often it is shipped."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps.billing.domain.entries import Entry, decode, entry_of
from apps.billing.engine.posting import post
from apps.tracing.services import bulk
from llmkit.ledger import FOLDER


class LedgerStore:
    """The sink of ledger records; see `apps.tracing.services.Sink`."""

    folder = FOLDER

    def read(self, line: bytes, *, now: datetime) -> Entry:
        return entry_of(decode(line), now=now)

    def project_of(self, row: Entry) -> uuid.UUID:
        return row.row.project_id

    def save(self, rows: Sequence[Entry]) -> int:
        """Store a batch and what it adds to the sums in one transaction; the number of entries that are new.

        Nothing is stored when it raises `StoreAway`, `RowsRefused` or `UnknownProjects` of `bulk`.
        """
        with bulk.sorting_errors(), transaction.atomic():
            bulk.check_projects({entry.row.project_id for entry in rows})
            return len(post(rows))
