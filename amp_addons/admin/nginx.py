"""A map of Host headers for nginx, and a server that uses it."""

from collections.abc import Iterator

from amp_addons.admin.comment import about, head, heading
from amp_addons.admin.egress import Egress
from amp_addons.admin.reverse import Listener, notes, targets

_NOTES = (
    "Belongs into http { … }, as a file of /etc/nginx/conf.d. Names are looked up while it runs: change `resolver` to your DNS server.",
)


def nginx(egress: Egress, listener: Listener) -> Iterator[str]:
    """`$amp_upstream` is where a request goes, empty where it may not go anywhere; `$amp_need` is for logs and rules of your own."""
    yield from head("#", heading(egress, *_NOTES, *notes(egress, listener)))
    found = targets(egress, listener)
    yield "map $http_host $amp_upstream {"
    yield '    default "";'
    for host, headers in found:
        yield from head("#", [about(host)], "    ")
        yield from (f'    "{header}" "{host.scheme}://{host.authority}";' for header in headers)
    yield "}"
    yield "map $http_host $amp_need {"
    yield '    default "";'
    yield from (f'    "{header}" {host.need};' for host, headers in found for header in headers)
    yield "}"
    yield from _SERVER.format(
        listen=listener.place,
        ca_file=listener.ca_file,
        connect=egress.timeouts.connect,
        longest=egress.timeouts.longest,
    ).splitlines()


_SERVER = """\
map $http_upgrade $amp_connection {{
    default upgrade;
    "" "";
}}
server {{
    listen {listen};
    resolver 127.0.0.53;
    client_max_body_size 0;
    location / {{
        if ($amp_upstream = "") {{
            return 403;
        }}
        proxy_pass $amp_upstream;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $amp_connection;
        proxy_buffering off;
        proxy_request_buffering off;
        proxy_cache off;
        proxy_connect_timeout {connect}s;
        proxy_read_timeout {longest}s;
        proxy_send_timeout {longest}s;
        proxy_ssl_server_name on;
        proxy_ssl_verify on;
        proxy_ssl_verify_depth 5;
        proxy_ssl_trusted_certificate {ca_file};
    }}
}}
"""
