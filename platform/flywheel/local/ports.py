"""Finding a free port, and saying early that the wanted one is taken."""

import errno
import socket

from flywheel.local.problems import Problem


def require_free(host: str, port: int) -> None:
    """Try to listen as the web process will.

    Raises:
        Problem: the port is taken or not allowed, or this machine has no such address.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
    except socket.gaierror as error:
        raise Problem(f"FLYWHEEL_HOST={host} is no address of this machine; use 127.0.0.1 or 0.0.0.0.") from error
    except OSError as error:
        raise Problem(_sentence(error, host, port)) from error


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program; stop that one, or choose another port, for example "
            f"FLYWHEEL_PORT={port + 1}."
        )
    if error.errno == errno.EACCES:
        return f"Ports below 1024, such as {port}, need root; choose another, for example FLYWHEEL_PORT=8000."
    return f"FLYWHEEL_HOST={host} is no address of this machine; use 127.0.0.1 or 0.0.0.0."


def free_port() -> int:
    """A port of the loopback address that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
