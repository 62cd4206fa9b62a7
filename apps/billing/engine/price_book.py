"""The prices of a project as the catalogue has them now, for any moment."""

import bisect
from collections import defaultdict
from datetime import datetime

from apps.accounts.models import Project
from apps.serving.models import PriceVersion


class PriceBook:
    """Read once: a price that is set afterwards is not in it."""

    def __init__(self, project: Project) -> None:
        prices = PriceVersion.objects.filter(model__project=project).select_related("model")
        self._prices: dict[str, list[PriceVersion]] = defaultdict(list)
        for price in prices.order_by("effective_from"):
            self._prices[price.model.name].append(price)

    def at(self, model: str, moment: datetime) -> PriceVersion | None:
        """The price of a model, by the name callers say, that holds at `moment`."""
        prices = self._prices.get(model, [])
        place = bisect.bisect_right(prices, moment, key=lambda price: price.effective_from)
        return prices[place - 1] if place else None
