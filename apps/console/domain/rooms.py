"""The rooms of the left rail, in order. A room shows once its address exists and the role reaches it."""

from typing import Final, NamedTuple

from apps.accounts.domain.roles import Role


class Room(NamedTuple):
    """`address` names a URL pattern that takes the project's slug; `goto` is the key pressed after `g`."""

    label: str
    address: str
    icon: str
    goto: str = ""
    at_least: Role = Role.VIEWER


class Section(NamedTuple):
    label: str
    rooms: tuple[Room, ...]


SECTIONS: Final = (
    Section("", (Room("Home", "console:home", "home", "h"),)),
    Section(
        "Observe",
        (
            Room("Traces", "tracing:traces", "trace", "t"),
            Room("Sessions", "tracing:sessions", "session", "s"),
            Room("Users", "tracing:users", "users", "u"),
            Room("Feedback", "feedback:feedback", "feedback", "f"),
        ),
    ),
    Section(
        "Serve",
        (
            Room("Routes", "gateway:routes", "route", "r"),
            Room("Models", "serving:models", "model", "m"),
            Room("Limits", "limits:limits", "clock", "i"),
            Room("Caches", "caching:caches", "copy", "b"),
            Room("Spend", "billing:spend", "coin", "c"),
        ),
    ),
    Section(
        "Improve",
        (
            Room("Wheel", "pipelines:wheels", "refresh", "w"),
            Room("Annotation", "annotation:queues", "annotate", "a", Role.ANNOTATOR),
            Room("Datasets", "datasets:datasets", "dataset", "d"),
            Room("Finetuning", "finetuning:runs", "finetune", "n"),
            Room("Evaluations", "evaluation:evaluations", "evaluate", "v"),
            Room("Pools", "compute:pools", "pool", "p"),
        ),
    ),
    Section(
        "Settings",
        (
            Room("Project", "accounts:project", "settings", "o", Role.ADMIN),
            Room("Members", "accounts:members", "users", "e"),
            Room("API keys", "accounts:keys", "key", "k", Role.ENGINEER),
            Room("Audit log", "accounts:audit", "audit", "l", Role.ADMIN),
        ),
    ),
)
