from typing import Any

from amp_addons.admin.plain import plain


def test_a_host_and_port_a_line_and_comments_besides(gather: Any) -> None:
    lines = list(plain(gather("http://10.1.2.3:8080/base")))
    assert [line for line in lines if not line.startswith("# ")] == [
        "10.1.2.3:8080",
        "production.ampworkers.com:443",
        "openrouter.ai:443",
        "static.ampcode.com:443",
        "registry.npmjs.org:443",
        "storage.googleapis.com:443",
        "statuspage.incident.io:443",
        "auth.openai.com:443",
        "gitlab.com:443",
    ]
    before = lines[: lines.index("openrouter.ai:443")]
    assert any(line.startswith("# optional: openrouter.ai:443") for line in before)
