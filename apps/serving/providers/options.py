"""What a kind of provider asks for besides an address and a credential."""

import re
from collections.abc import Iterable, Mapping

import msgspec

YES = "yes"


class InvalidOption(ValueError):
    """`name` is the option's."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        super().__init__(message)


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """`pattern` has to match the whole value. A flag's value is "yes" or nothing."""

    name: str
    label: str
    help_text: str
    pattern: str = ".+"
    required: bool = False
    flag: bool = False


def check_options(known: Iterable[Option], given: Mapping[str, object]) -> dict[str, str]:
    """The options that are set, without blanks around them; InvalidOption for one that is wrong or missing."""
    by_name = {option.name: option for option in known}
    for name in given:
        if name not in by_name:
            raise InvalidOption(name, f"This kind of provider has no option {name!r}.")
    values = {name: _value(option, given.get(name)) for name, option in by_name.items()}
    return {name: value for name, value in values.items() if value}


def _value(option: Option, given: object) -> str:
    if option.flag:
        if given in (True, YES):
            return YES
        if given in (None, False, ""):
            return ""
        raise InvalidOption(option.name, f'{option.label}: this is either "{YES}" or left out.')
    if given is not None and not isinstance(given, str):
        raise InvalidOption(option.name, f"{option.label}: this has to be a text.")
    value = (given or "").strip()
    if option.required and not value:
        raise InvalidOption(option.name, f"{option.label}: this is needed. {option.help_text}")
    if value and not re.fullmatch(option.pattern, value):
        raise InvalidOption(option.name, f"{option.label}: this is not of the expected form. {option.help_text}")
    return value
