import socket

from amp_addons.cli.session import port_problem


def test_free_port_is_no_problem():
    assert port_problem(0) is None


def test_busy_port_is_named_with_the_next_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} of 127.0.0.1 is in use" in port_problem(port)
        assert f"--port {port + 1}" in port_problem(port)
