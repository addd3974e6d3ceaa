import subprocess
import sys

import pytest

from amp_addons.core.target import is_loopback
from amp_addons.telemetry.collector import base_url


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318"),
        ("http://localhost:4318/", "http://localhost:4318"),
        ("http://[::1]:4318", "http://[::1]:4318"),
        ("https://otel.corp.example/amp/", "https://otel.corp.example/amp"),
    ],
)
def test_url_is_taken_without_a_warning(url, base):
    assert base_url(url) == (base, None)


def test_plain_http_beyond_this_machine_is_warned_about():
    base, warning = base_url("http://collector:4318")
    assert base == "http://collector:4318" and "plain http" in warning


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("collector:4318", "no http or https URL"),
        ("grpc://collector:4317", "no http or https URL"),
        ("http://", "no http or https URL"),
        ("http://h:99999", "what is no URL"),
        ("http://h\n", "no http or https URL"),
        ("http://me:pass-word-1@h:1", "OTEL_EXPORTER_OTLP_HEADERS"),
        ("https://h/?api-key=pass-word-1", "OTEL_EXPORTER_OTLP_HEADERS"),
        ("http://127.0.0.1:4318/v1/traces", "the path of one signal"),
    ],
)
def test_bad_url_is_refused_and_not_repeated(url, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        base_url(url)
    assert "pass-word-1" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("127.8.8.8", True),
        ("::1", True),
        ("LocalHost", True),
        ("a.localhost", True),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
    ],
)
def test_loopback_is_told_by_the_name(host, found):
    assert is_loopback(host) is found


def test_nothing_of_opentelemetry_is_imported_unless_asked_for():
    script = (
        "import sys; sys.modules['opentelemetry'] = None\n"  # an import of it fails
        "from amp_addons.addons import ADDONS, _find\n"
        "for spec in ADDONS.values(): __import__(spec.home.partition(':')[0])\n"
        "import amp_addons.telemetry.sender, amp_addons.telemetry.metrics, amp_addons.telemetry.content, amp_addons.cli.replay\n"
        "from amp_addons.telemetry.collector import is_installed\n"
        "sys.exit(is_installed() or 'requests' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
