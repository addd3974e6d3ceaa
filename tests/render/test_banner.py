import re
import shlex

import pytest

from amp_addons.render.banner import Listener, banner
from amp_addons.render.palette import PLAIN

CA = "/home/me/.mitmproxy/mitmproxy-ca-cert.pem"

REGULAR = """
Listening on http://127.0.0.1:8080 (regular).
In the shell that starts the Amp CLI:

  export HTTPS_PROXY=http://127.0.0.1:8080
  export HTTP_PROXY=http://127.0.0.1:8080
  export NODE_EXTRA_CA_CERTS=/home/me/.mitmproxy/mitmproxy-ca-cert.pem
  export NODE_USE_ENV_PROXY=1
"""
REVERSE = """
Listening on http://127.0.0.1:8081 (reverse).
In the shell that starts the Amp CLI:

  export AMP_URL=http://127.0.0.1:8081
"""
SOCKS = """
Listening on 127.0.0.1:1080 (socks5).
"""

QUOTED = re.sub(r"=(http://127.0.0.1:8080)", r"='\1'", REGULAR).replace("127.0.0.1", "[::1]")

BANNERS = [
    pytest.param([("regular", "127.0.0.1", 8080)], REGULAR, id="regular"),
    pytest.param([("regular", "::", 8080), ("regular", "0.0.0.0", 8080)], REGULAR, id="every address"),
    pytest.param([("regular", "127.0.0.1", 8080), ("regular", "::1", 8080)], REGULAR, id="two addresses of one port"),
    pytest.param([("upstream", "127.0.0.1", 8080)], REGULAR.replace("regular", "upstream"), id="upstream"),
    pytest.param([("reverse", "127.0.0.1", 8081)], REVERSE, id="reverse"),
    pytest.param([("regular", "127.0.0.1", 8080), ("reverse", "127.0.0.1", 8081)], REGULAR + REVERSE, id="two modes"),
    pytest.param([("regular", "::1", 8080)], QUOTED, id="IPv6"),
    pytest.param([("socks5", "127.0.0.1", 1080)], SOCKS, id="another mode"),
]


@pytest.mark.parametrize(("listeners", "expected"), BANNERS)
def test_banner_says_where_and_what_to_paste(listeners, expected):
    assert "\n".join(banner([Listener(*listener) for listener in listeners], CA, PLAIN)) == expected


def test_nothing_listens_no_banner():
    assert banner([], CA, PLAIN) == []


def test_path_is_quoted_for_the_shell():
    [line] = [line for line in banner([Listener("regular", "127.0.0.1", 1)], "/my certs/$HOME/ca.pem", PLAIN) if "CA_CERTS" in line]
    assert shlex.split(line) == ["export", "NODE_EXTRA_CA_CERTS=/my certs/$HOME/ca.pem"]


def test_where_there_is_a_command_for_it_that_is_said():
    lines = banner([Listener("regular", "127.0.0.1", 8081)], CA, PLAIN, "amp-addons env")
    assert '  eval "$(amp-addons env --port 8081)"' in lines and not any("export" in line for line in lines)


def test_gateway_wants_tls_and_a_password():
    lines = banner([Listener("regular", "0.0.0.0", 8080, gateway=True)], CA, PLAIN, "amp-addons env")
    assert "Listening on https://127.0.0.1:8080 (regular)." in lines
    assert "  export HTTPS_PROXY=https://USER:PASSWORD@127.0.0.1:8080" in lines
