"""The spool as the gateway uses it."""

import pytest

from apps.gateway.proxy.durable import DurableRecords
from apps.gateway.proxy.refusals import Refusal


@pytest.fixture
def records(tmp_path):
    records = DurableRecords(tmp_path / "spool")
    yield records
    records.close()


def break_spool(records: DurableRecords) -> None:
    records.directory.write_text("a file where the folder should be")
    with pytest.raises(Refusal, match="cannot store"):
        records.append(b"lost\n")


def test_a_record_is_a_line_of_a_segment(records):
    records.append(b"one\n")
    records.append(b"two\n")
    (segment,) = records.directory.glob("*.ndjson")
    assert segment.read_bytes() == b"one\ntwo\n"


def test_a_broken_spool_refuses_everything_until_it_works_again(records, caplog):
    break_spool(records)
    with pytest.raises(Refusal) as caught:
        records.refuse_if_broken()
    assert (caught.value.status, caught.value.code) == (503, "record_not_durable")
    records.probe()
    assert records.broken
    records.directory.unlink()
    records.probe()
    records.refuse_if_broken()
    records.append(b"kept\n")
    assert [line for line in caplog.messages if "takes no records" in line] != []


def test_a_breakdown_is_told_once(records, caplog):
    break_spool(records)
    with pytest.raises(Refusal):
        records.append(b"lost too\n")
    assert len([line for line in caplog.messages if "takes no records" in line]) == 1


def test_probing_leaves_nothing_behind(records):
    break_spool(records)
    records.directory.unlink()
    records.probe()
    assert list(records.directory.iterdir()) == []
