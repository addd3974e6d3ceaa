import ssl

import pytest

from amp_addons.launch import authority
from amp_addons.launch.plan import make_plan
from amp_addons.launch.trust import Unreadable, certificates


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_a_plan_for_a_plain_machine():
    plan = make_plan({"PATH": "/bin"})
    assert plan.made and plan.upstream is None and plan.hosts[0] == ("ampcode.com", 443) and ("openrouter.ai", 443) in plan.hosts
    found = plan.options(port=0, reverse=False, all_hosts=False)
    assert found["amp_inspect"] == "catalog" and found["listen_host"] == "127.0.0.1" and "mode" not in found
    assert plan.environment({}, 1234, reverse=False)["HTTPS_PROXY"] == "http://127.0.0.1:1234"
    for file in (plan.bundle, plan.upstream_bundle):
        ssl.create_default_context(cafile=file)
    own = certificates(authority.certificate(plan.place).read_bytes())[0]
    assert own in certificates(plan.bundle.read_bytes()) and own not in certificates(plan.upstream_bundle.read_bytes())
    assert not make_plan({}).made


def test_a_custom_amp_url_and_a_company_s_proxy():
    plan = make_plan({"AMP_URL": "https://amp.corp:8443/amp", "HTTPS_PROXY": "http://me:" + "secret@proxy.corp:1", "NO_PROXY": "*"})
    assert plan.hosts[0] == ("amp.corp", 8443)
    found = plan.options(port=9, reverse=False, all_hosts=True)
    assert found["mode"] == ["upstream:http://proxy.corp:1"] and found["amp_inspect"] == "all" and "secret" not in str(found)
    reverse = plan.options(port=9, reverse=True, all_hosts=False)
    assert reverse["mode"] == ["reverse:https://amp.corp:8443"]
    assert plan.environment({}, 9, reverse=True) == {"AMP_URL": "http://127.0.0.1:9/amp"}


def test_certificates_of_the_company_s_are_trusted_by_both_and_ours_of_an_outer_shell_are_not_taken_for_its(tmp_path):
    authority.ensure(tmp_path / "corp", None)
    corp = authority.certificate(tmp_path / "corp")
    outer = make_plan({}, name="outer")
    plan = make_plan({"NODE_EXTRA_CA_CERTS": str(corp), "SSL_CERT_FILE": str(outer.bundle)})
    theirs = certificates(corp.read_bytes())[0]
    assert all(theirs in certificates(file.read_bytes()) for file in (plan.ca_file, plan.bundle, plan.upstream_bundle))
    own = certificates(authority.certificate(plan.place).read_bytes())[0]
    assert own not in certificates(plan.upstream_bundle.read_bytes())


def test_a_file_of_certificates_that_is_not_there_is_named():
    with pytest.raises(Unreadable, match="NODE_EXTRA_CA_CERTS names /none"):
        make_plan({"NODE_EXTRA_CA_CERTS": "/none"})


def test_one_authority_for_all_hosts_is_another():
    assert make_plan({}, all_hosts=True).place != make_plan({}).place
