"""The ledger in Django's database, for limiters: asked in a thread, away from the event loop."""

import asyncio

from django.db import DatabaseError, InterfaceError, connection

from apps.limits.domain.ledger import LedgerAway, SpendQuestion
from apps.limits.queries import spent_for


async def ledger_in_database(question: SpendQuestion) -> int:
    return await asyncio.to_thread(_ask, question)


def _ask(question: SpendQuestion) -> int:
    try:
        return spent_for(question)
    except (DatabaseError, InterfaceError) as error:
        raise LedgerAway(str(error)) from error
    finally:
        connection.close()
