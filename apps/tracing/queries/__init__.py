"""What pages and the JSON API read about traces."""

from apps.tracing.queries.figures import HomeFigures, Point, home_figures
from apps.tracing.queries.filters import TraceFilter
from apps.tracing.queries.listing import (
    Arrivals,
    TracePage,
    arrivals,
    arrivals_mark,
    has_traces,
    list_traces,
    names_in_use,
)
from apps.tracing.queries.sessions import SessionPage, SessionRow, Thread, Turn, list_sessions, session_thread
from apps.tracing.queries.shipping import Shipping, shipping
from apps.tracing.queries.spoken import Spoken, spoken_in, spoken_of_trace
from apps.tracing.queries.trace_page import Bar, Detail, bars, detail
from apps.tracing.queries.traces import Totals, Trace, find_trace, get_trace, payloads_of
from apps.tracing.queries.users import UserPage, UserRow, list_users, user_figures

__all__ = [
    "Arrivals",
    "Bar",
    "Detail",
    "HomeFigures",
    "Point",
    "SessionPage",
    "SessionRow",
    "Shipping",
    "Spoken",
    "Thread",
    "Totals",
    "Trace",
    "TraceFilter",
    "TracePage",
    "Turn",
    "UserPage",
    "UserRow",
    "arrivals",
    "arrivals_mark",
    "bars",
    "detail",
    "find_trace",
    "get_trace",
    "has_traces",
    "home_figures",
    "list_sessions",
    "list_traces",
    "list_users",
    "names_in_use",
    "payloads_of",
    "session_thread",
    "shipping",
    "spoken_in",
    "spoken_of_trace",
    "user_figures",
]
