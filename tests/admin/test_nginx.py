"""nginx itself reads it, and streams by it, in tests/e2e/test_admin.py."""

from typing import Any

from amp_addons.admin.egress import Place
from amp_addons.admin.nginx import nginx
from amp_addons.admin.reverse import Listener

LISTENER = Listener(Place("127.0.0.1", 8081), "/ca.pem")


def test_maps_of_where_to_and_of_need(gather: Any) -> None:
    text = "\n".join(nginx(gather("https://amp.example:8443"), LISTENER))
    assert '    "amp.example:8443" "https://amp.example:8443";' in text
    assert '    "127.0.0.1:8081" "https://amp.example:8443";' in text
    assert '    "openrouter.ai" "https://openrouter.ai";' in text
    assert '    "openrouter.ai:443" optional;' in text


def test_streams_websockets_limits_and_certificates(gather: Any) -> None:
    text = "\n".join(nginx(gather(), LISTENER))
    for directive in (
        "listen 127.0.0.1:8081;",
        "proxy_buffering off;",
        "proxy_set_header Upgrade $http_upgrade;",
        "proxy_connect_timeout 10s;",
        "proxy_read_timeout 3600s;",
        "proxy_ssl_verify on;",
        "proxy_ssl_trusted_certificate /ca.pem;",
        "client_max_body_size 0;",
    ):
        assert f" {directive}\n" in text
