"""The queue on disk: whole lines, in order, none lost with the process that wrote them."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmkit.spool import SegmentReader, SpoolUnavailable, SpoolWriter, segments
from tests.helpers.waiting import eventually

LINES = st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b" ")), max_size=40)


def read_all(directory: Path, limit: int = 1 << 20) -> list[bytes]:
    lines = []
    for path in segments(directory):
        reader = SegmentReader(path)
        while True:
            more, end = reader.read_lines(limit)
            if end == reader.offset:
                break
            lines += more
            reader.offset = end
    return lines


@given(LINES, st.integers(1, 300), st.integers(1, 100))
def test_what_was_appended_is_read_back_in_order(lines, segment_bytes, limit):
    with tempfile.TemporaryDirectory() as folder:
        writer = SpoolWriter(Path(folder), "test", segment_bytes)
        for line in lines:
            writer.append(line + b"\n")
        writer.close()
        read = [line for name in sorted(Path(folder).iterdir(), key=number_of) for line in read_one(name, limit)]
        assert read == lines


def number_of(path: Path) -> int:
    return int(path.stem.rsplit("-", 1)[1])


def read_one(path: Path, limit: int) -> list[bytes]:
    reader, lines = SegmentReader(path), []
    while True:
        more, end = reader.read_lines(limit)
        if end == reader.offset:
            return lines
        lines += more
        reader.offset = end


def test_a_segment_is_unfinished_while_its_writer_holds_it(tmp_path):
    writer = SpoolWriter(tmp_path, "test")
    writer.append(b"one\n")
    [path] = segments(tmp_path)
    reader = SegmentReader(path)
    reader.read_lines(100)
    assert not reader.finished

    writer.close()

    reader.read_lines(100)
    assert reader.finished


def test_a_full_segment_is_followed_by_a_new_one(tmp_path):
    writer = SpoolWriter(tmp_path, "test", segment_bytes=10)
    for _ in range(3):
        writer.append(b"0123456789\n")
    assert len(list(segments(tmp_path))) == 3
    writer.close()


def test_a_half_line_is_left_until_its_end_comes(tmp_path):
    writer = SpoolWriter(tmp_path, "test")
    writer.append(b"whole\nha")
    [path] = segments(tmp_path)
    reader = SegmentReader(path)
    assert reader.read_lines(100) == ([b"whole"], 6)
    reader.offset = 6
    assert reader.read_lines(100) == ([], 6)

    writer.append(b"lf\n")

    assert reader.read_lines(100) == ([b"half"], 11)
    writer.close()


def test_a_line_longer_than_the_limit_is_read_whole(tmp_path):
    writer = SpoolWriter(tmp_path, "test")
    writer.append(b"x" * 1000 + b"\nshort\n")
    [path] = segments(tmp_path)
    lines, _ = SegmentReader(path).read_lines(10)
    assert lines[0] == b"x" * 1000
    writer.close()


KILLED_WRITER = """
import sys
from pathlib import Path
from llmkit.spool import SpoolWriter
writer = SpoolWriter(Path(sys.argv[1]), "killed", segment_bytes=5000)
number = 0
while True:
    writer.append(b"%d\\n" % number)
    print(number, flush=True)
    number += 1
"""


def test_a_writer_killed_in_full_flight_loses_nothing_that_it_appended(tmp_path):
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", KILLED_WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        for _ in range(2000):
            told = writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        told = [told, *writer.stdout.read().splitlines(keepends=True)]
        writer.wait()
        writer.stdout.close()
        last = int([line for line in told if line.endswith(b"\n")][-1])

        paths = sorted(tmp_path.glob("*.ndjson"), key=number_of)
        read = [int(line) for path in paths for line in read_one(path, 1000)]

        assert read == list(range(len(read)))
        assert len(read) > last
        assert all(_finished(path) for path in paths)
        for path in paths:
            path.unlink()


def _finished(path: Path) -> bool:
    reader = SegmentReader(path)
    reader.read_lines(1)
    return reader.finished


def test_threads_share_a_writer_without_tearing_lines(tmp_path):
    writer = SpoolWriter(tmp_path, "test", segment_bytes=2000)

    def work(letter: bytes) -> None:
        for _ in range(300):
            writer.append(letter * 20 + b"\n")

    threads = [threading.Thread(target=work, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()

    lines = read_all(tmp_path)
    assert sorted(lines) == sorted([b"a" * 20, b"b" * 20, b"c" * 20] * 300)


FORKING_WRITER = """
import os, sys
from pathlib import Path
from llmkit.spool import SpoolWriter
writer = SpoolWriter(Path(sys.argv[1]), "forked")
writer.append(b"parent\\n")
if os.fork() == 0:
    writer.append(b"child\\n")
    os._exit(0)
os.wait()
writer.append(b"parent\\n")
"""


def test_a_forked_child_writes_a_segment_of_its_own(tmp_path):
    subprocess.run([sys.executable, "-c", FORKING_WRITER, str(tmp_path)], check=True)
    contents = sorted(path.read_bytes() for path in segments(tmp_path))
    assert contents == [b"child\n", b"parent\nparent\n"]


FULL_DISK_WRITER = """
import resource, signal, sys
from pathlib import Path
from llmkit.spool import SpoolUnavailable, SpoolWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
writer = SpoolWriter(Path(sys.argv[1]), "full")
writer.append(b"a" * 79 + b"\\n")
try:
    writer.append(b"b" * 9 + b"\\n" + b"c" * 49 + b"\\n")
    sys.exit("a record that did not fit was taken")
except SpoolUnavailable:
    writer.append(b"d" * 9 + b"\\n")
"""


def test_a_record_that_the_disk_took_in_part_is_refused_and_taken_back(tmp_path):
    """A limit on the file's size makes the kernel write short, as a full disk does."""
    subprocess.run([sys.executable, "-c", FULL_DISK_WRITER, str(tmp_path)], check=True)
    assert sorted(read_all(tmp_path)) == [b"a" * 79, b"d" * 9]


def test_a_folder_that_cannot_be_written_makes_the_spool_unavailable(tmp_path):
    (tmp_path / "spool").write_text("a file where the folder should be")
    with pytest.raises(SpoolUnavailable):
        SpoolWriter(tmp_path / "spool", "test").append(b"x\n")


def test_segments_come_oldest_first_and_unborn_ones_not_at_all(tmp_path):
    for age, name in [(30, "b-1-x-0.ndjson"), (20, "a-1-x-0.ndjson"), (10, ".c-1-x-0.ndjson"), (5, "note.txt")]:
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    assert [path.name for path in segments(tmp_path)] == ["b-1-x-0.ndjson", "a-1-x-0.ndjson"]


def test_a_reader_sees_the_end_of_a_writer_in_another_process(tmp_path):
    code = "import sys; from pathlib import Path; from llmkit.spool import SpoolWriter\n"
    code += "SpoolWriter(Path(sys.argv[1]), 'x').append(b'line\\n'); sys.stdin.read()"
    writer = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE)
    path = eventually(lambda: next(segments(tmp_path), None))
    assert not _finished(path)
    writer.kill()
    writer.communicate()
    assert _finished(path)
