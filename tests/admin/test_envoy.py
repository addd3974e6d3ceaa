"""Debian has no Envoy: what is checked is that it is YAML and says what Envoy's reference asks for."""

from typing import Any

import yaml

from amp_addons.admin.egress import Place
from amp_addons.admin.envoy import envoy
from amp_addons.admin.reverse import Listener

LISTENER = Listener(Place("127.0.0.1", 8081), "/ca.pem")


def resources(egress: Any) -> Any:
    return yaml.safe_load("\n".join(envoy(egress, LISTENER)))["static_resources"]


def test_a_virtual_host_and_a_cluster_for_each_host_and_403_for_the_rest(gather: Any) -> None:
    found = resources(gather())
    [listener] = found["listeners"]
    assert listener["address"] == {"socket_address": {"address": "127.0.0.1", "port_value": 8081}}
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    hosts = manager["route_config"]["virtual_hosts"]
    assert [host["name"] for host in hosts] == [cluster["name"] for cluster in found["clusters"]] + ["amp_denied"]
    assert hosts[2]["domains"] == ["openrouter.ai", "openrouter.ai:443"]
    assert hosts[-1]["domains"] == ["*"] and hosts[-1]["routes"][0]["direct_response"] == {"status": 403}
    domains = [domain for host in hosts for domain in host["domains"]]
    assert len(domains) == len(set(domains))


def test_streams_websockets_and_limits(gather: Any) -> None:
    found = resources(gather())
    manager = found["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    assert manager["upgrade_configs"] == [{"upgrade_type": "websocket"}]
    assert manager["stream_idle_timeout"] == "3600s"
    routes = [route["route"] for host in manager["route_config"]["virtual_hosts"][:-1] for route in host["routes"]]
    assert all(route["timeout"] == "0s" for route in routes)
    assert routes[0]["host_rewrite_literal"] == "ampcode.com"
    assert found["clusters"][0]["connect_timeout"] == "10s"


def test_clusters_check_certificates_by_name_or_address(gather: Any) -> None:
    def tls(amp_url: str) -> Any:
        return resources(gather(amp_url))["clusters"][0].get("transport_socket", {}).get("typed_config")

    assert tls("https://amp.example") == {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": "amp.example",
        "common_tls_context": {
            "validation_context": {
                "trusted_ca": {"filename": "/ca.pem"},
                "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": "amp.example"}}],
            }
        },
    }
    by_address = tls("https://[2001:db8::1]")
    assert "sni" not in by_address
    [name] = by_address["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"]
    assert name == {"san_type": "IP_ADDRESS", "matcher": {"exact": "2001:db8::1"}}
    assert tls("http://amp.example") is None
