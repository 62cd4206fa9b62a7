"""Postgres and Valkey together: the ones that the environment names, and embedded ones for the rest."""

from collections.abc import Mapping
from pathlib import Path

from flywheel.local.postgres import Postgres
from flywheel.local.valkey import Valkey


class Services:
    """What every process of Flywheel needs beside itself.

    `given` is the environment: a server that it names in DATABASE_URL, REDIS_URL or CACHE_URL (or in a file, with
    `_FILE`) is used, not started. With REDIS_URL alone, that server caches too.
    """

    def __init__(
        self,
        folder: Path,
        given: Mapping[str, str],
        *,
        durable: bool = True,
        password_file: Path | None = None,
        logs: Path | None = None,
        records: Path | None = None,
    ) -> None:
        places = {"logs": logs, "records": records}
        self.postgres: Postgres | None = None
        self.queue: Valkey | None = None
        self.cache: Valkey | None = None
        if not _names(given, "DATABASE_URL"):
            self.postgres = Postgres(folder / "postgres", durable=durable, password_file=password_file, **places)
        if not _names(given, "REDIS_URL"):
            self.queue = Valkey(folder / "valkey", "queue", **places)
            if not _names(given, "CACHE_URL"):
                self.cache = Valkey(folder / "valkey", "cache", **places)

    @property
    def embedded(self) -> list[Postgres | Valkey]:
        return [service for service in (self.postgres, self.queue, self.cache) if service is not None]

    def start(self) -> None:
        """Start what is embedded; when one fails, stop the others again."""
        try:
            for service in self.embedded:
                service.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop in reverse: Postgres last."""
        for service in reversed(self.embedded):
            service.stop()

    def environment(self) -> dict[str, str]:
        """The URLs of the embedded services, which must have been started."""
        urls = {"DATABASE_URL": self.postgres, "REDIS_URL": self.queue, "CACHE_URL": self.cache}
        return {name: service.url for name, service in urls.items() if service}


def _names(given: Mapping[str, str], name: str) -> bool:
    return bool(given.get(name) or given.get(f"{name}_FILE"))
