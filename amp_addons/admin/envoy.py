"""Virtual hosts and clusters for Envoy (API v3): its `static_resources`."""

from collections.abc import Iterator

import msgspec

from amp_addons.admin.comment import about, head, heading
from amp_addons.admin.egress import Egress, Host
from amp_addons.admin.reverse import Listener, notes, targets

_NOTES = ("A route's own `timeout` of 15 s would cut every stream off: it is 0 here, and stream_idle_timeout watches instead.",)
_TYPES = "type.googleapis.com/envoy.extensions"


def envoy(egress: Egress, listener: Listener) -> Iterator[str]:
    yield from head("#", heading(egress, *_NOTES, *notes(egress, listener)))
    found = targets(egress, listener)
    place = f"{{address: {_text(listener.place.name)}, port_value: {listener.place.port}}}"
    yield from _LISTENER.format(place=place, types=_TYPES, idle=egress.timeouts.longest).splitlines()
    for number, (host, headers) in enumerate(found, 1):
        yield from head("#", [about(host)], " " * 12)
        yield f"            - name: amp_host_{number}"
        yield f"              domains: [{', '.join(map(_text, headers))}]"
        yield (
            f"              routes: [{{match: {{prefix: /}}, "
            f"route: {{cluster: amp_host_{number}, timeout: 0s, host_rewrite_literal: {_text(host.authority)}}}}}]"
        )
    yield from _DENIED.splitlines()
    yield "  clusters:"
    for number, (host, _) in enumerate(found, 1):
        yield from _cluster(f"amp_host_{number}", host, egress.timeouts.connect, listener.ca_file)


def _cluster(name: str, host: Host, connect: int, ca_file: str) -> Iterator[str]:
    yield f"  - name: {name}"
    yield f"    type: {'STATIC' if host.place.address else 'LOGICAL_DNS'}"
    yield f"    connect_timeout: {connect}s"
    yield "    load_assignment:"
    yield f"      cluster_name: {name}"
    address = f"socket_address: {{address: {_text(host.place.name)}, port_value: {host.place.port}}}"
    yield f"      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{{address}}}}}}}]}}]"
    if host.scheme == "https":
        kind = "IP_ADDRESS" if host.place.address else "DNS"
        yield "    transport_socket:"
        yield "      name: envoy.transport_sockets.tls"
        yield "      typed_config:"
        yield f'        "@type": {_TYPES}.transport_sockets.tls.v3.UpstreamTlsContext'
        if not host.place.address:
            yield f"        sni: {_text(host.place.name)}"
        yield "        common_tls_context:"
        yield "          validation_context:"
        yield f"            trusted_ca: {{filename: {_text(ca_file)}}}"
        yield f"            match_typed_subject_alt_names: [{{san_type: {kind}, matcher: {{exact: {_text(host.place.name)}}}}}]"


def _text(text: str) -> str:
    """JSON's strings are YAML's too."""
    return msgspec.json.encode(text).decode()


_LISTENER = """\
static_resources:
  listeners:
  - name: amp
    address: {{socket_address: {place}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": {types}.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: amp
          stream_idle_timeout: {idle}s
          upgrade_configs: [{{upgrade_type: websocket}}]
          http_filters:
          - name: envoy.filters.http.router
            typed_config: {{"@type": {types}.filters.http.router.v3.Router}}
          route_config:
            virtual_hosts:
"""
_DENIED = """\
            - name: amp_denied
              domains: ["*"]
              routes: [{match: {prefix: /}, direct_response: {status: 403}}]
"""
