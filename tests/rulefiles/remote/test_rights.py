"""What a rule file by URL may not do, key by key, and that nothing granted gets ahead of a local rule."""

import pytest
from support.rules import MESSAGES, request
from support.signed import KEY, TRUST

from amp_addons.core.rules.model import RuleFile
from amp_addons.core.rules.then import Then
from amp_addons.core.signature import public, sign
from amp_addons.rulefiles.included import ALL
from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.rulefiles.remote.remotes import parse_signed
from amp_addons.rulefiles.rules import RuleSet

URL = "https://rules.example/team.yaml"
LOCAL = """\
upstreams:
  ours: {url: "https://gateway.example", credential: {header: x-api-key, env: OUR_KEY}}
redactors:
  hidden: {mode: placeholder}
  refused: {mode: block}
"""


def loaded(folder, remote, local=LOCAL, grant=None):
    """The rules of a local file and of one by URL: by `amp_rules` alone, or included with what is granted."""
    include = "" if grant is None else f"include: [{{url: {URL}, key: '{TRUST}', grant: [{', '.join(grant)}]}}]\n"
    (folder / "local.yaml").write_text(f"version: 1\n{local}{include}")
    signed = sign("rules", f"version: 1\nserial: 1\n{remote}".encode(), KEY)

    def get(kind, url, keys):
        assert (kind, url) == ("rules", URL) and keys == (None if grant is None else (public(KEY),))
        return parse_signed(url, signed)

    # The URL first: that makes no difference.
    paths = [folder / "local.yaml"] if grant is not None else [URL, folder / "local.yaml"]
    return RuleSet.load(*paths, get=get, environment={"OUR_KEY": "k" * 20, "OTHER_KEY": "k" * 20})


def rule(then, match="{}", **more):
    extra = "".join(f"{key}: {value}, " for key, value in more.items())
    return f"rules: [{{id: remote, {extra}match: {match}, then: {then}}}]\n"


UPSTREAM = "upstreams: {theirs: {url: 'https://their.example'}}\n"
NEEDS = {
    "route to a local upstream": (rule("{route: ours}"), ["routes"], "then.route"),
    "split to a local upstream": (rule("{route: {split: [{upstream: ours, weight: 1}]}}"), ["routes"], "then.route"),
    "an upstream": (UPSTREAM + rule("{route: theirs}"), ["upstreams"], "upstreams.theirs"),
    "a credential": (
        "upstreams: {theirs: {url: 'https://their.example', credential: {env: OTHER_KEY}}}\n",
        ["upstreams", "credentials"],
        "upstreams.theirs",
    ),
    "the client's credentials": (
        UPSTREAM + rule("{route: theirs, credentials: keep, credentials_host: their.example}"),
        ["upstreams", "credentials"],
        "then.credentials",
    ),
    "respond": (rule("{respond: {json: {}}}"), ["edits"], "then.respond"),
    "set_headers": (rule("{set_headers: {x-a: b}}"), ["edits"], "then.set_headers"),
    "remove_headers": (rule("{remove_headers: [x-a]}"), ["edits"], "then.remove_headers"),
    "set_body": (rule("{set_body: {/a: 1}}"), ["edits"], "then.set_body"),
    "remove_body": (rule("{remove_body: [/a]}"), ["edits"], "then.remove_body"),
    "model": (rule("{model: x}"), ["edits"], "then.model"),
    "models": (rule("{model: {a: b}}"), ["edits"], "then.model"),
    "protected headers": (rule("{set_headers: {authorization: x}, allow_protected: true}"), ["edits", "protected"], "allow_protected"),
    "passthrough": (rule("{passthrough: true}", "{host: x.example}"), ["passthrough"], "then.passthrough"),
    "record: false": (rule("{record: false}"), ["record"], "then.record"),
    "record: true": (rule("{record: true}"), ["record"], "then.record"),
    "a redactor": ("redactors: {weak: {}}\n" + rule("{redact: weak}"), ["redactors"], "redactors.weak"),
    "a local redactor with placeholders": (rule("{redact: hidden}"), ["redactors"], "then.redact"),
    "secrets in arguments of tools": (rule("{redact: {using: secrets, restore_tools: true}}"), ["redactors"], "restore_tools"),
}


@pytest.mark.parametrize(("remote", "grants", "where"), NEEDS.values(), ids=NEEDS.keys())
def test_what_has_to_be_granted_by_name(tmp_path, remote, grants, where):
    with pytest.raises(RuleFileError) as error:
        loaded(tmp_path, remote)
    assert where in str(error.value) and URL in str(error.value)
    for right in grants:
        with pytest.raises(RuleFileError, match=rf"in the local file that includes it: {{url: …, grant: \[{right}\]}}"):
            loaded(tmp_path, remote, grant=[grant for grant in ALL if grant != right])
    assert loaded(tmp_path, remote, grant=grants) is not None


NEVER = {
    "an include": "include: [other.yaml]\n",
    "an include by URL": "include: [{url: 'https://other.example/x.yaml'}]\n",
    "a recorded flow": "tests: [{name: a, flow: /etc/passwd, expect: {action: pass}}]\n",
    "a credential in a file": "upstreams: {theirs: {url: 'https://their.example', credential: {file: /etc/passwd}}}\n",
    "a local upstream again": "upstreams: {ours: {url: 'https://their.example'}}\n",
    "a local redactor again": "redactors: {hidden: {mode: mask}}\n",
    "a standard redactor": "redactors: {secrets: {mode: mask}}\n",
    "a local rule's id": "rules: [{id: mine, match: {}, then: {allow: true}}]\n",
}


@pytest.mark.parametrize("remote", NEVER.values(), ids=NEVER.keys())
def test_what_no_grant_allows(tmp_path, remote):
    with pytest.raises(RuleFileError):
        loaded(tmp_path, remote, local=LOCAL + "rules: [{id: mine, match: {}, then: {tag: x}}]\n", grant=list(ALL))


def test_what_needs_no_grant(tmp_path):
    for then in ("{block: true}", "{allow: true}", "{redact: secrets}", "{redact: refused}", "{tag: x}", "{alert: true}"):
        assert loaded(tmp_path, rule(then))
    assert loaded(tmp_path, "defaults: {mode: observe}\n" + rule("{block: true}"))


def test_every_key_of_then_has_been_thought_of():
    """A new one belongs in one of the tables: needs a grant, or does not."""
    free = {"block", "allow", "redact", "tag", "alert", "credentials_host"}
    said = " ".join(remote for remote, _, _ in NEEDS.values())
    assert all(f"{key}:" in said for key in Then.__struct_fields__ if key not in free)
    assert set(RuleFile.__struct_fields__) == {"version", "serial", "defaults", "upstreams", "redactors", "rules", "tests", "include"}


FLOOR = {
    "allow before a block": ("{block: true}", "{allow: true}", lambda found: found.action == "block"),
    "route before a block": ("{block: true}", "{route: ours}", lambda found: found.action == "block"),
    "respond before a block": ("{block: true}", "{respond: {json: {}}}", lambda found: found.action == "block"),
    "allow after a redaction": ("{redact: secrets}", "{allow: true}", lambda found: len(found.changes.redactions) == 1),
    "a mask before a redactor that blocks": (
        "{redact: refused}",
        "{redact: secrets}",
        lambda found: [each.mode for each in found.changes.redactions] == ["block", "mask"],
    ),
    "another header": ("{set_headers: {x-a: ours}}", "{set_headers: {X-A: theirs, x-b: theirs}}", lambda found: _headers(found) == "ours"),
    "a header that was set": ("{set_headers: {x-a: ours}}", "{remove_headers: [x-a]}", lambda found: _headers(found) == "ours"),
    "a header that was taken out": ("{remove_headers: [x-a]}", "{set_headers: {x-a: theirs}}", lambda found: _headers(found) is None),
    "another value": ("{set_body: {/a: 1}}", "{set_body: {/a: 2, /b: 2}}", lambda found: found.changes.set_body == {"/a": 1, "/b": 2}),
    "a value in it": ("{set_body: {/a: {}}}", "{set_body: {/a/b: 2}}", lambda found: found.changes.set_body == {"/a": {}}),
    "what it is in": ("{set_body: {/a/b: 1}}", "{set_body: {/a: {}}}", lambda found: found.changes.set_body == {"/a/b": 1}),
    "a value that was taken out": ("{remove_body: [/a/b]}", "{set_body: {/a: {b: 1}}}", lambda found: found.changes.set_body == {}),
    "a value that was set": ("{set_body: {/a: 1}}", "{remove_body: [/a]}", lambda found: found.changes.remove_body == ()),
    "another model": ("{model: small}", "{model: large}", lambda found: found.changes.model == "small"),
    "another model than the one that stays": ("{model: {m: m}}", "{model: large}", lambda found: found.changes.model is None),
    "a model by set_body": ("{model: small}", "{set_body: {/model: large}}", lambda found: not found.changes.set_body),
    "all of the body": ("{model: small}", "{set_body: {'': {model: large}}}", lambda found: not found.changes.set_body),
    "a model over set_body": ("{set_body: {/model: small}}", "{model: large}", lambda found: found.changes.model is None),
    "the recording": ("{record: true}", "{record: false}", lambda found: found.record is True),
    "what is not recorded": ("{record: false}", "{record: true}", lambda found: found.record is False),
}


def _headers(found):
    """The header x-a of the request as it is sent, by the order in which both are done."""
    if set(found.changes.set_headers) & {"x-a"}:
        return found.changes.set_headers["x-a"]
    return None if "x-a" in found.changes.remove_headers else "as it was"


@pytest.mark.parametrize(("local", "remote", "holds"), FLOOR.values(), ids=FLOOR.keys())
def test_with_all_rights_a_local_rule_is_not_undone(tmp_path, local, remote, holds):
    """Whatever is granted but passthrough, of which see below."""
    mine = f"rules: [{{id: mine, match: {{}}, then: {local}}}]\n"
    found = loaded(tmp_path, rule(remote), local=LOCAL + mine, grant=sorted(ALL))
    decision = found.decide(request(MESSAGES, {"model": "m", "messages": []}))
    assert holds(decision), decision
    assert decision.rules[0] == "mine"


def test_what_local_rules_leave_alone_is_the_remote_ones_by_order(tmp_path):
    two = "rules: [{id: r1, match: {}, then: {set_headers: {x-a: '1'}}}, {id: r2, match: {}, then: {set_headers: {x-a: '2'}}}]\n"
    found = loaded(tmp_path, two, grant=["edits"]).decide(request(MESSAGES, {}))
    assert found.changes.set_headers == {"x-a": "2"}


def test_headers_as_they_are_sent(tmp_path):
    """The same by what comes out: another spelling of a name is the same header."""
    from amp_addons.core.rules.outgoing import outgoing

    mine = "rules: [{id: mine, match: {}, then: {set_headers: {x-a: ours}, remove_headers: [x-c]}}]\n"
    remote = rule("{set_headers: {X-A: theirs, X-C: theirs, x-d: theirs}, remove_headers: [X-a]}")
    exchange = request(MESSAGES, {}, headers={"content-type": "application/json", "x-c": "client"})
    sent = outgoing(exchange, loaded(tmp_path, remote, local=LOCAL + mine, grant=["edits"]).decide(exchange))
    found = [(name.lower(), value) for name, value in sent.headers if name.lower().startswith(b"x-")]
    assert found == [(b"x-a", b"ours"), (b"x-d", b"theirs")]
