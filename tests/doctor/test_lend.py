import socket

import pytest
from support.authority import HOSTS, made

from amp_addons.doctor.lend import Wanted, lent
from amp_addons.doctor.network import trusting
from amp_addons.doctor.wire import Way, tunnelled
from amp_addons.launch.beside import NotStarted
from amp_addons.launch.environment import UnusableProxy
from amp_addons.launch.trust import Unreadable

AMP = "https://ampcode.com"


def wanted(place, environ=None, rules=()):
    return Wanted(environ or {}, place, HOSTS, AMP, [], rules)


@pytest.mark.parametrize("there", [True, False], ids=["an authority is there", "none is"])
async def test_a_proxy_for_a_while(tmp_path, there):
    place = tmp_path / "ca"
    if there:
        made(place)
    before = sorted(tmp_path.rglob("*"))
    async with lent(wanted(place)) as proxy:
        assert (proxy.certificate.parent == place) is there
        async with tunnelled(Way(proxy.port), "ampcode.com", 443, trusting([proxy.certificate])):
            pass  # its certificate is trusted
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", proxy.port), 1)
    assert {path.name for path in set(tmp_path.rglob("*")) - set(before)} <= {"mitmproxy-dhparam.pem"}  # mitmproxy's own


async def test_a_proxy_that_does_not_start(tmp_path):
    with pytest.raises(NotStarted, match=r"none\.yaml"):
        async with lent(wanted(tmp_path / "ca", rules=[str(tmp_path / "none.yaml")])):
            pass


@pytest.mark.parametrize(
    "environ, error", [({"HTTPS_PROXY": "socks5://x:1"}, UnusableProxy), ({"NODE_EXTRA_CA_CERTS": "/none"}, Unreadable)]
)
async def test_an_environment_that_run_would_refuse(tmp_path, environ, error):
    with pytest.raises(error):
        async with lent(wanted(tmp_path / "ca", environ)):
            pass
