"""Invoice files of all sorts, and what is said of those that are none."""

import uuid
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.billing.domain import invoice_csv
from apps.billing.domain.cells import RequestIds
from apps.billing.domain.invoice_csv import BadInvoice, parse_invoice

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


def parse(*lines):
    return parse_invoice("\n".join(lines).encode())


def amounts(*lines):
    return [row.amount_nano for row in parse(*lines).rows]


def refused(data):
    with pytest.raises(BadInvoice) as caught:
        parse_invoice(data if isinstance(data, bytes) else data.encode())
    return caught.value.problems


def test_sums_of_days_are_read():
    found = parse("date,model,amount", "2026-01-31,gpt-4o,1.25", "2026-02-01,gpt-4o-mini,0.000000001")
    assert not found.per_request
    assert [(row.number, row.day, row.model, row.amount_nano) for row in found.rows] == [
        (2, date(2026, 1, 31), "gpt-4o", 1_250_000_000),
        (3, date(2026, 2, 1), "gpt-4o-mini", 1),
    ]


def test_lines_per_request_are_read_with_their_ids_and_counts():
    found = parse(
        "created_at,request_id,model,cost,prompt_tokens,completion_tokens",
        f'2026-01-31T23:30:00-02:00,{TRACE}:{SPAN},tiny,0.5,"1,200",7',
        f"2026-01-31T12:00:00Z,{uuid.UUID(TRACE)},tiny,0.5,,",
        "2026-01-31T12:00:00Z,chatcmpl-123,tiny,0.5,1,1",
    )
    assert found.per_request
    assert [row.ids for row in found.rows] == [
        RequestIds(uuid.UUID(TRACE), SPAN),
        RequestIds(uuid.UUID(TRACE)),
        RequestIds(response_id="chatcmpl-123"),
    ]
    assert (found.rows[0].day, found.rows[0].input_tokens) == (date(2026, 2, 1), 1_200)
    assert found.rows[1].output_tokens is None


def test_trace_and_span_may_stand_in_columns_of_their_own():
    found = parse("day,trace_id,span_id,amount", f"2026-01-31,{TRACE.upper()},{SPAN},1", f"2026-01-31,,{SPAN},1")
    assert [row.ids for row in found.rows] == [RequestIds(uuid.UUID(TRACE), SPAN), RequestIds(span_id=SPAN)]


@pytest.mark.parametrize(
    "header",
    ["Date,Cost (USD)", "\ufeffusage_date_utc,cost_usd", " DAY , Total Cost ", "Usage-Date,Net Amount in USD"],
)
def test_headers_are_tolerant(header):
    assert amounts(header, "2026-01-31,2") == [2_000_000_000]


def test_openais_cost_export_is_understood():
    found = parse(
        "start_time,start_time_iso,amount_value,amount_currency,line_item,project_id",
        '1769817600,2026-01-31T00:00:00+00:00,0.12,usd,"gpt-4o-2024-08-06, input",proj_1',
    )
    assert (found.rows[0].model, found.rows[0].day) == ("gpt-4o-2024-08-06", date(2026, 1, 31))


def test_anthropics_cost_export_is_understood():
    found = parse(
        "usage_date_utc,model,workspace,api_key,usage_type,token_type,cost_usd",
        "2026-01-31,claude-sonnet-4-5,Default,prod,message,input_no_cache,3.10",
    )
    assert (found.rows[0].model, found.rows[0].amount_nano) == ("claude-sonnet-4-5", 3_100_000_000)


@pytest.mark.parametrize(
    ("text", "nano"),
    [
        ("$1.50", 1_500_000_000),
        ("USD 1.50", 1_500_000_000),
        ("-0.25", -250_000_000),
        ("(0.25)", -250_000_000),
        ("1e-6", 1_000),
        ('"1,234.50"', 1_234_500_000_000),
        ('"1.234,50"', 1_234_500_000_000),
        ("0.0000000014999", 1),
    ],
)
def test_amounts_come_in_many_forms(text, nano):
    assert amounts("date,amount", f"2026-01-31,{text}") == [nano]


def test_where_semicolons_divide_cells_commas_divide_decimals():
    assert amounts("date;amount", "31.01.2026;1,234") == [1_234_000_000]


@pytest.mark.parametrize(
    "text",
    ["2026-01-31", "2026-01-31 23:59:59", "2026/01/31", "1769860800", "1769860800123", "Jan 31, 2026", "31 Jan 2026"],
)
def test_days_come_in_many_forms(text):
    assert parse("date\tamount", f"{text}\t1").rows[0].day == date(2026, 1, 31)


@pytest.mark.parametrize("total", ["Total,6,", ",6,Grand total:", "Subtotal,6,"])
def test_empty_lines_sums_and_words_before_the_header_are_passed_over(total):
    lines = ["Invoice of Example Inc.", "", "date,amount,note", "2026-01-31,1,total of the day", ",,", "", total]
    assert amounts(*lines) == [1_000_000_000]


def test_a_file_in_utf_16_is_read():
    assert parse_invoice("date,amount\n2026-01-31,1".encode("utf-16")).rows[0].amount_nano == 10**9


@pytest.mark.parametrize(
    ("lines", "line", "column", "word"),
    [
        (["date,amount", "2026-01-31,1", "yesterday,1"], 3, "date", "a day"),
        (["date,amount", "01/02/2026,1"], 2, "date", "a day"),
        (["date,Cost (USD)", "2026-01-31,lots"], 2, "Cost (USD)", "US dollars"),
        (["date,amount", "2026-01-31,"], 2, "amount", "an empty cell"),
        (["date,amount", "2026-01-31,NaN"], 2, "amount", "billion"),
        (["date,amount", "2026-01-31,1e999999999"], 2, "amount", "billion"),
        (["date,amount", "2026-01-31,99999999999"], 2, "amount", "billion"),
        (["date,amount,currency", "2026-01-31,1,EUR"], 2, "currency", "USD"),
        (["date,amount,input_tokens", "2026-01-31,1,-4"], 2, "input_tokens", "tokens"),
        (["date,amount,output_tokens", "2026-01-31,1,3.5"], 2, "output_tokens", "tokens"),
    ],
)
def test_a_bad_cell_is_named_with_line_and_column(lines, line, column, word):
    (problem,) = refused("\n".join(lines))
    assert problem.startswith(f'Line {line}, column "{column}": ')
    assert word in problem


def test_lines_are_counted_as_in_the_file():
    (problem,) = refused('date,note,amount\n2026-01-31,"two\nlines",1\n\n2026-01-31,x,y')
    assert problem.startswith("Line 5,")


def test_the_first_problems_are_told_at_once():
    problems = refused("date,amount\n" + "x,y\n" * 50)
    assert len(problems) == invoice_csv.MOST_PROBLEMS


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "the day"),
        (b"date,model\n2026-01-31,x", "the amount"),
        (b"amount\n1", "the day"),
        (b"date,amount\n", "no line below"),
        (b"\x00\x01\x02\xfe", "UTF-8"),
        (b"%PDF-1.7 \xe2\xe3", "UTF-8"),
        (b"date,amount\n2026-01-31," + b"9" * 200_000, "no CSV"),
        (f"date,id,amount\n2026-01-31,{TRACE},1\n2026-01-31,,1".encode(), "Line 3: the request has no id"),
    ],
)
def test_what_is_no_invoice_is_told(data, word):
    assert word in " ".join(refused(data))


def test_files_that_are_too_large_are_refused(monkeypatch):
    monkeypatch.setattr(invoice_csv, "MOST_LINES", 3)
    assert "more than 3 lines" in refused("date,amount\n" + "2026-01-31,1\n" * 9)[0]
    monkeypatch.setattr(invoice_csv, "MOST_BYTES", 10)
    assert "larger than" in refused("date,amount\n2026-01-31,1")[0]


def test_names_are_freed_of_what_postgres_cannot_hold():
    (row,) = parse("date,model,amount", f"2026-01-31,a\0b{'c' * 900},1").rows
    assert row.model.startswith("abc")
    assert len(row.model) == 200


def outcome_of(data):
    """The lines, or what is wrong; anything else fails the test."""
    try:
        return parse_invoice(data).rows
    except BadInvoice as error:
        return error.problems


@given(st.binary())
def test_no_bytes_make_it_fail_in_another_way(data):
    assert outcome_of(data)


@given(st.lists(st.lists(st.text(max_size=30), max_size=5), max_size=5), st.sampled_from(",;\t|"))
def test_no_cells_make_it_fail_in_another_way(lines, delimiter):
    text = "\n".join(delimiter.join(line) for line in [["date", "amount", "id", "model", "input_tokens"], *lines])
    assert outcome_of(text.encode())


@given(st.integers(-(10**18), 10**18))
def test_amounts_are_read_to_the_nano_dollar(nano):
    sign, whole = "-" if nano < 0 else "", abs(nano)
    assert amounts("date,amount", f"2026-01-31,{sign}{whole // 10**9}.{whole % 10**9:09}") == [nano]
