"""Ledger records, and a ledger that holds them."""

from datetime import datetime, timedelta

from apps.accounts.models import Project
from apps.billing.domain.entries import entry_of
from apps.billing.engine.store import LedgerStore
from apps.serving.models import CatalogueModel
from llmkit import clock
from llmkit.ids import new_span_id, new_trace_id
from llmkit.ledger import LedgerRecord
from llmkit.pricing import cost
from llmkit.usage import Usage

USAGE = Usage(prompt_tokens=1_000, completion_tokens=200, cached_tokens=400)


def make_ledger_record(project: Project, **fields: object) -> LedgerRecord:
    """What a gateway writes after a call that cost 1,000 nano-dollars a moment ago."""
    at = fields.pop("at", None) or clock.now() - timedelta(seconds=2)
    values = {
        "kind": "settle",
        "project_id": str(project.id),
        "trace_id": new_trace_id(),
        "span_id": new_span_id(),
        "occurred_ns": int(at.timestamp() * 1_000_000) * 1000,
        "amount_nano": 1_000,
        "route": "support",
        "model": "tiny-demo",
        "provider": "local",
        "operation": "chat",
        "usage": USAGE,
    }
    return LedgerRecord(**(values | fields))


def ledger(*records: LedgerRecord) -> int:
    """Store records as the shipper does; how many were new."""
    return LedgerStore().save([entry_of(record, now=clock.now()) for record in records])


def spend(project: Project, amount_nano: int = 1_000, **fields: object) -> LedgerRecord:
    """A call in the ledger, settled."""
    record = make_ledger_record(project, amount_nano=amount_nano, **fields)
    ledger(record)
    return record


def reserve(project: Project, amount_nano: int = 5_000, **fields: object) -> LedgerRecord:
    """A call in the ledger of which nobody knows how it ended."""
    return spend(project, amount_nano, **({"kind": "reserve", "usage": None} | fields))


def spend_at_price(model: CatalogueModel, usage: Usage = USAGE, **fields: object) -> LedgerRecord:
    """A call in the ledger, settled at the price that the catalogue has for its moment, and pinned to it."""
    at: datetime = fields.pop("at", None) or clock.now() - timedelta(seconds=2)
    price = model.price_at(at)
    values = {
        "amount_nano": cost(usage, price.rates),
        "model": model.name,
        "provider": model.provider.name,
        "usage": usage,
        "price_version": str(price.id),
    }
    return spend(model.project, at=at, **(values | fields))
