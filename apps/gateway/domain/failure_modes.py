"""What the gateway promises when a part of the installation is away, and how to see that it keeps it."""

from typing import Final, NamedTuple


class FailureMode(NamedTuple):
    """drill: what an operator does to see it, on an installation that may be disturbed."""

    away: str
    served: str
    refused: str
    afterwards: str
    drill: str


FAILURE_MODES: Final = (
    FailureMode(
        away="Postgres",
        served="Every request, from the configuration that each gateway process holds in memory. Records and ledger "
        "lines wait on the gateway's disk. Exact caches work; semantic ones find nothing.",
        refused="A gateway that starts meanwhile answers 503 not_ready. Pages and the API fail; /healthz says 503.",
        afterwards="The shipper catches up; each request is stored once and charged once. No restart.",
        drill="docker compose stop postgres; send requests; docker compose start postgres; "
        "the traces of the time between are there within seconds.",
    ),
    FailureMode(
        away="Redis",
        served="Requests, by what was leased of their limits and then as each limit says: a small share (the default), "
        "everything, or nothing. Caches find nothing and the models are asked.",
        refused="Requests with an Idempotency-Key (503 idempotency_away), responses that go on from an earlier one "
        "(503 conversations_away), and those of a limit that refuses everything meanwhile (503 limits_unavailable).",
        afterwards="What was used meanwhile is counted. Nothing has to be restarted; jobs that waited run once.",
        drill="docker compose stop redis; send requests, one with an Idempotency-Key; docker compose start redis; "
        "the page Limits shows what was used meanwhile.",
    ),
    FailureMode(
        away="A provider, wholly",
        served="Requests of routes with another target: before the first content they go there, within the retry "
        "budget. A target that keeps failing is left alone and tried again by single requests.",
        refused="Requests without another target: 502 or 504, naming the provider; a stream that had begun ends with "
        "an error event in the caller's dialect.",
        afterwards="The first request that succeeds brings the target back. Each try is on the request's trace.",
        drill="Switch the network of the provider off, or give a test provider an address where nobody listens; "
        "the route's page and the traces show the tries.",
    ),
    FailureMode(
        away="A provider, slow",
        served="Until the time limits of route or provider; hedged routes ask a second target after a while.",
        refused="What passes a limit: 504 provider_timeout. With a limit on concurrency, who finds the line full: 503.",
        afterwards="Times are forgotten within seconds, and the target gets its share again.",
        drill="manage.py gateway_lab --own --only 21 plays slow and stalling providers against this gateway.",
    ),
    FailureMode(
        away="Disk of a gateway, full",
        served="Nothing that could not be recorded: no provider is paid for an answer that nobody could account for.",
        refused="Every request: 503 record_not_durable, with retry-after.",
        afterwards="The process tries its disk each second and answers again by itself.",
        drill="Fill the volume of the data directory; send a request; delete the file; send another.",
    ),
    FailureMode(
        away="Room in a gateway process",
        served="What is open already, to its end; other processes behind the load balancer.",
        refused="What comes while FLYWHEEL_GATEWAY_MAX_OPEN requests are open: 503 overloaded, with retry-after.",
        afterwards="As soon as one request ends, the next is let in.",
        drill="Start a gateway with FLYWHEEL_GATEWAY_MAX_OPEN=2 and send three slow requests.",
    ),
    FailureMode(
        away="A gateway process, killed",
        served="Everything that other processes have; what was answered is on the disk of the killed one.",
        refused="Requests under way there end with their connection. Their reserves are settled by the reconciliation.",
        afterwards="Its records are shipped from its disk; leases come back after ten seconds, keys of requests that "
        "were under way after fifteen.",
        drill="kill -9 one of two gateway processes under load; compare Spend with the provider's own count.",
    ),
)
