import os
import socket

import pytest

from flywheel.local.ports import free_port, require_free
from flywheel.local.problems import Problem


def test_a_free_port_is_free():
    require_free("127.0.0.1", free_port())


def test_a_taken_port_is_named_with_the_way_out():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Problem, match=f"Port {port} .* taken .*FLYWHEEL_PORT={port + 1}"):
            require_free("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.7", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_refused(host):
    with pytest.raises(Problem, match=f"FLYWHEEL_HOST={host} is no address of this machine"):
        require_free(host, free_port())


def test_low_ports_need_root(monkeypatch):
    def refuse(self, address):
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(Problem, match="Ports below 1024, such as 80, need root"):
        require_free("127.0.0.1", 80)
