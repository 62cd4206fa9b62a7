"""Money as whole nano-dollars.

One token costs less than a micro-dollar (0.15 USD per million tokens is 150 nano-dollars a token), so sums of
micro-dollars would drift by a third; nano-dollars keep every price in use exact to half a unit per request.
"""

from decimal import Decimal

NANO = 1_000_000_000


def nano_from_dollars(dollars: Decimal) -> int:
    """Nano-dollars from a decimal amount of dollars; ValueError if it is finer than a nano-dollar."""
    nano = dollars * NANO
    if nano != nano.to_integral_value():
        raise ValueError(f"{dollars} has more than nine decimal places.")
    return int(nano)


def dollars_from_nano(nano: int) -> Decimal:
    return Decimal(nano) / NANO


def format_nano(nano: int) -> str:
    """Cents from a dollar upwards, else as many decimal places as show three digits that count: `$0.0123`."""
    dollars = abs(dollars_from_nano(nano))
    places = 2 if nano == 0 or dollars >= 1 else min(2 - dollars.adjusted(), 9)
    whole, _, fraction = f"{dollars:,.{places}f}".partition(".")
    return f"{'-' if nano < 0 else ''}${whole}.{fraction.rstrip('0').ljust(2, '0')}"
