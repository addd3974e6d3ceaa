import pytest
from support.listeners import answering, http
from support.proxy import free_port

from amp_addons.doctor import examine as module
from amp_addons.doctor.examine import Asked, Examination, examine, port_of
from amp_addons.doctor.network import trusting
from amp_addons.doctor.wire import Way

TITLES = ["This program", "The certificate authority", "The proxy", "This shell", "The client", "The rules", "The way to the service"]


def asked(tmp_path, **more):
    environ = {"PATH": str(tmp_path), "HTTPS_PROXY": "socks5://corp:1"}  # with which no proxy is started
    values = {"place": tmp_path / "ca", "port": free_port(), "amp_url": "https://ampcode.com", "offline": True}
    return Asked(environ, tmp_path, tmp_path, **(values | more))


async def groups(asked):
    return {title: {each.id: each for each in findings} async for title, findings in examine(asked)}


@pytest.mark.parametrize(
    "environ, amp_url, port",
    [
        ({}, "https://ampcode.com", 8080),
        ({"HTTPS_PROXY": "http://127.0.0.1:9001"}, "https://ampcode.com", 9001),
        ({"HTTPS_PROXY": "http://me:pw@127.0.0.1:9001"}, "https://ampcode.com", 9001),
        ({"https_proxy": "localhost:9002"}, "https://ampcode.com", 9002),
        ({"HTTPS_PROXY": "http://corp:3128"}, "https://ampcode.com", 8080),
        ({"HTTPS_PROXY": "http://127.0.0.1:3128"}, "http://127.0.0.1:9003/base", 9003),
        ({}, "https://127.0.0.1:9004", 8080),
        ({"HTTPS_PROXY": "nonsense://"}, "https://ampcode.com", 8080),
    ],
)
def test_port(environ, amp_url, port):
    assert port_of(environ, amp_url) == port


async def test_groups_in_order(tmp_path):
    found = await groups(asked(tmp_path))
    assert list(found) == TITLES
    assert found["The proxy"]["port"].state == "ok"
    assert found["The way to the service"]["way"].state == "failure"
    assert "SOCKS" in found["The way to the service"]["way"].text


async def test_a_group_that_fails_or_hangs_keeps_no_other_from_its_findings(tmp_path, monkeypatch):
    monkeypatch.setattr(module.versions, "versions", None)
    found = await groups(asked(tmp_path, catalogs=["none.yaml"]))
    assert found["This program"]["versions"].state == "warning"
    assert found["The certificate authority"]["the-certificate-authority"].state == "warning"
    assert found["The rules"] and found["This shell"]["env.proxy"].state == "failure"
    monkeypatch.setattr(module, "LIMIT", 0.0)
    found = await groups(asked(tmp_path))
    assert list(found) == TITLES
    assert "was given up" in found["The proxy"]["the-proxy"].text


@pytest.mark.parametrize("key, state", [({}, "warning"), ({"OPENROUTER_API_KEY": "x"}, "failure")])
async def test_openrouter_counts_where_it_is_used(tmp_path, key, state):
    wanted = asked(tmp_path, offline=False)
    wanted = wanted._replace(environ=wanted.environ | key)
    found = Examination(wanted)
    goal = found._goals[1]
    async with answering(http(403)) as port:
        assert (await found._reached(Way(port), goal, trusting([]))).state == state


@pytest.mark.parametrize(
    "environ, kept, header",
    [
        ({"HTTPS_PROXY": "http://me:pa%20ss@localhost:PORT", "https_proxy": "127.0.0.1:PORT"}, [], "Basic bWU6cGEgc3M="),
        ({"HTTPS_PROXY": "http://127.0.0.1:PORT", "HTTP_PROXY": "http://corp:1"}, ["HTTP_PROXY"], None),
        ({"HTTPS_PROXY": "http://me:pw@corp:1", "NO_PROXY": "127.0.0.1"}, ["HTTPS_PROXY", "NO_PROXY"], None),
    ],
)
def test_what_of_the_environment_is_ours(tmp_path, environ, kept, header):
    wanted = asked(tmp_path)
    environ = {name: value.replace("PORT", str(wanted.port)) for name, value in environ.items()}
    found = Examination(wanted._replace(environ=environ))
    assert found._auth() == header
    assert sorted(found._wanted().environ) == kept
