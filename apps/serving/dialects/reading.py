"""Reading a request's members, and saying in a sentence which one is wrong."""

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from apps.serving.dialects.base import Invalid
from apps.serving.providers.base import UNREADABLE, Members

T = TypeVar("T")
_NEUTRAL = (b"null", b"[]", b"{}", b"false", b'""')  # asking for nothing
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")
_FIELD = re.compile(r"required field `([^`]+)`")
_VALUE = re.compile(r"Invalid value ('.*')$", re.DOTALL)
_LONGEST = 300  # characters of what a caller wrote that are told back
_encode = msgspec.json.Encoder().encode


def read(members: Members, decoder: msgspec.json.Decoder[T]) -> T:
    """The members that the decoder's type names; Invalid naming the one that isn't of the right type."""
    try:
        return decoder.decode(_encode(members))
    except UNREADABLE as error:
        raise _described(error) from None


def others(members: Members, known: frozenset[str]) -> Members:
    """The members that are passed along as they are."""
    return {name: value for name, value in members.items() if name not in known}


def refuse(members: Members, reasons: Mapping[str, str]) -> None:
    """Invalid for a member that asks for something, where `reasons` says why that can't be."""
    for name, reason in reasons.items():
        if name in members and bytes(members[name]) not in _NEUTRAL:
            raise Invalid(f"{name}: {reason}", name)


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(_encode(value))


def _described(error: Exception) -> Invalid:
    text = str(error)
    place = _PLACE.search(text)
    where, what = place[1] if place else "", _PLACE.sub("", text)
    if missing := _FIELD.search(what):
        name = f"{where}.{missing[1]}".lstrip(".")
        return Invalid(f"{name}: this member is required.", name)
    if unknown := _VALUE.match(what):
        what = f"{unknown[1][:_LONGEST]} is not supported"
    if isinstance(error, RecursionError):
        what = "The body is nested too deeply"
    return Invalid(f"{where}: {what}." if where else f"{what}.", where)
