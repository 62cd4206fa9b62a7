"""Requests whose head never ends: the connection is closed before it costs much."""

import socket

from flywheel.protocol import HEAD_BYTES
from tests.helpers.processes import ServerProcess

MOST = 100 * HEAD_BYTES


def send_until_refused(server: ServerProcess, piece: bytes) -> tuple[int, bytes]:
    """How many bytes of a head the server let us send, and what it said."""
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connected:
        connected.sendall(b"GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Long: ")
        connected.setblocking(False)
        said = b""
        while sent < MOST and not said:
            try:
                sent += connected.send(piece)
            except BlockingIOError:
                pass
            except ConnectionError:
                break
            try:
                said = connected.recv(1000)
            except BlockingIOError:
                continue
            except ConnectionError:
                break
    return sent, said


def test_a_head_of_one_endless_header_is_refused(gateway_process: ServerProcess) -> None:
    sent, said = send_until_refused(gateway_process, b"y" * 4096)
    assert sent < MOST
    assert said.startswith(b"HTTP/1.1 400 ") or not said


def test_a_head_of_endlessly_many_headers_is_refused(gateway_process: ServerProcess) -> None:
    sent, _ = send_until_refused(gateway_process, b"z\r\nX-More: ")
    assert sent < MOST


def test_requests_one_after_the_other_on_one_connection_are_not_added_up(gateway_process: ServerProcess) -> None:
    with socket.create_connection(("127.0.0.1", gateway_process.port), timeout=30) as connected:
        for _ in range(4):
            connected.sendall(b"GET /v1/models HTTP/1.1\r\nX-Long: " + b"y" * (HEAD_BYTES // 2))
            connected.sendall(b"\r\nHost: x\r\n\r\n")
            answer = connected.recv(4096)
            while not answer.endswith(b"}}"):
                answer += connected.recv(4096)
            assert answer.startswith(b"HTTP/1.1 401 ")
