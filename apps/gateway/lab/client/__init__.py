"""A raw HTTP client of the lab's own: it sends any bytes, and notes every fault in what comes back."""

from apps.gateway.lab.client.address import Address
from apps.gateway.lab.client.answer import Answer
from apps.gateway.lab.client.exchange import PATIENCE, Exchange, open_exchange
from apps.gateway.lab.client.request import Request

__all__ = ["PATIENCE", "Address", "Answer", "Exchange", "Request", "open_exchange"]
