"""Harbor Desk: the support desk of an invented marina-supply shop, the data of the demo.

Sixteen intents. The tiny demo model is trained on twelve of them; the shop "introduced" the other four
this season, so that there is something to teach it. Utterances lie one per line in
`apps/serving/tiny/utterances/<intent>.txt`. The files are append-only: the 1st, 3rd, 5th ... line of a file is
the train half and the 2nd, 4th, 6th ... line the test half, so adding lines never moves one across.
"""

import json
from functools import cache
from pathlib import Path
from typing import Final, Literal

Split = Literal["train", "test"]

KNOWN_INTENTS: Final = (
    "order_status",
    "return_item",
    "refund_status",
    "change_address",
    "cancel_order",
    "product_availability",
    "shipping_cost",
    "damaged_item",
    "warranty_claim",
    "invoice_copy",
    "store_hours",
    "talk_to_person",
)
NEW_INTENTS: Final = ("berth_booking", "winter_storage", "sail_repair", "trade_in")
INTENTS: Final = KNOWN_INTENTS + NEW_INTENTS

SYSTEM_PROMPT: Final = (
    "You are the support desk of Harbor Desk, a marina supply shop. Answer with one JSON object: intent and reply."
)

CANONICAL_REPLY: Final[dict[str, str]] = {
    "order_status": "I am checking your order now and will send you the tracking link.",
    "return_item": "You can return unused items within 30 days; I will email you a return label.",
    "refund_status": "Refunds reach your account within five working days after we receive the goods.",
    "change_address": "Please tell me the new address and I will change it before the parcel leaves.",
    "cancel_order": "I will cancel the order as long as it has not left our warehouse.",
    "product_availability": "I will check the stock for you and tell you when it is available.",
    "shipping_cost": "Delivery costs 6.90, and orders over 100 ship free of charge.",
    "damaged_item": "I am sorry it arrived damaged; send us a photo and we will replace it.",
    "warranty_claim": "Please send us the receipt and a description of the fault to start a warranty claim.",
    "invoice_copy": "I will send a copy of the invoice to your email address.",
    "store_hours": "The shop is open Monday to Saturday from 8 to 18.",
    "talk_to_person": "A colleague will take over this conversation in a moment.",
    "berth_booking": "Tell me your dates and the length of your boat and I will reserve a berth.",
    "winter_storage": "We store boats from October to April, indoors or in the yard; tell me her length.",
    "sail_repair": "Bring the sail to our loft and we will quote the repair within two days.",
    "trade_in": "Describe the item and its age, and we will make you a trade-in offer.",
}

_TINY: Final = Path(__file__).resolve().parent.parent / "tiny"
_UTTERANCES: Final = _TINY / "utterances"
MODEL_FOLDER: Final = _TINY / "model"


class UnknownUtteranceError(LookupError):
    """Raised by `truth` for a text that is not in the data."""


@cache
def _lines(intent: str) -> tuple[str, ...]:
    if intent not in INTENTS:
        raise ValueError(f"intent: {intent!r} is not one of {', '.join(INTENTS)}")
    return tuple((_UTTERANCES / f"{intent}.txt").read_text(encoding="utf-8").splitlines())


def utterances(intent: str, split: Split) -> list[str]:
    """The utterances of one intent in one half, in file order. Raises ValueError for an unknown intent."""
    return list(_lines(intent)[0 if split == "train" else 1 :: 2])


@cache
def _truths() -> dict[str, str]:
    return {line: intent for intent in INTENTS for line in _lines(intent)}


def truth(utterance: str) -> str:
    """The intent of an utterance of the data, either half. Raises UnknownUtteranceError for any other text."""
    try:
        return _truths()[utterance.strip()]
    except KeyError:
        raise UnknownUtteranceError(f"not a Harbor Desk utterance: {utterance!r}") from None


def expected_answer(intent: str) -> str:
    """The ideal assistant message: compact JSON `{"intent": ..., "reply": ...}`. Raises KeyError if unknown."""
    return json.dumps({"intent": intent, "reply": CANONICAL_REPLY[intent]}, separators=(",", ":"))
