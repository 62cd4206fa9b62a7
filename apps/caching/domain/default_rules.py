"""The rules that a project begins with; it can change all of them."""

from typing import Final

DEFAULT_RULES: Final = (
    {
        "kind": "keywords",
        "reason": "time",
        "text": "right now, currently, at the moment, today, today's, tonight, tomorrow, yesterday, this morning, "
        "this evening, this week, last week, next week, this month, latest, breaking news, so far this year, "
        "what time is it, what day is it, what date is it",
    },
    {
        "kind": "keywords",
        "reason": "time",
        "text": "weather, forecast, stock price, share price, exchange rate, live score, traffic on, flight status, "
        "opening hours, in stock, still available",
    },
    {
        "kind": "keywords",
        "reason": "personal",
        "text": "my account, my order, my orders, my balance, my bill, my invoice, my invoices, my subscription, "
        "my payment, my payments, my card, my booking, my reservation, my delivery, my parcel, my refund, "
        "my password, my address, my calendar, my meetings, my appointment, my name, my profile, my ticket, "
        "remind me, who am i, about me",
    },
    {
        "kind": "regex",
        "reason": "personal",
        "text": r"\b(?:order|ticket|invoice|case|booking|tracking|customer)[ -]?"
        r"(?:id|number|no\.?|nr\.?)?[ :#]{0,3}\d{4,12}\b",
    },
    {"kind": "regex", "reason": "personal", "text": r"[\w.+-]@[\w-]{1,40}\.[a-z]{2}"},
    {
        "kind": "regex",
        "reason": "time",
        "text": r"\b(?:what|which|how) (?:is|are|was) the (?:current|latest|newest|most recent)\b",
    },
)
