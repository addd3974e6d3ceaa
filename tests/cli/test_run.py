import socket

from amp_addons.cli.run import port_problem


def test_free_port_is_no_problem():
    assert port_problem(0) is None


def test_busy_port_is_named_with_the_next_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} of 127.0.0.1 is in use" in port_problem(port)
        assert f"--port {port + 1}" in port_problem(port)


def test_beyond_this_machine_only_with_a_password(run, tmp_path):
    code, _, err = run("run", "--listen-host", "0.0.0.0")
    assert code == 2 and "expected --proxy-auth FILE" in err
    (tmp_path / "auth").write_text("nonsense")
    code, _, err = run("run", "--port", "0", "--proxy-auth", str(tmp_path / "auth"))
    assert code == 2 and "found no `user:password`" in err and "nonsense" not in err
