"""What is in force of files behind URLs: only what is signed, newer, and of use with the rest."""

import pytest
from support.signed import KEY, OTHER, blocks, catalog, nowhere, rules, serving

from amp_addons.core.signature import public, sign
from amp_addons.rulefiles.problems import RuleFileError
from amp_addons.rulefiles.remote import remotes as module
from amp_addons.rulefiles.remote.copies import Copy, keep, path_of
from amp_addons.rulefiles.remote.fetch import Way, fetch
from amp_addons.rulefiles.remote.remotes import NotYet, Remotes, kept_only, said_age, serial_of
from amp_addons.rulefiles.rules import RuleSet
from amp_addons.rulefiles.yamlfile import parse

OURS = (public(KEY),)


@pytest.fixture
def server():
    with serving() as found:
        yield found


class Proxy:
    """What a proxy does with one URL: `rules` are in force, `said` is what it logs."""

    def __init__(self, folder, url, *, seconds=2.0, trust=OURS, clock=lambda: 10_000.0, local=()):
        self.url, self.local, self.said = url, local, []
        way = Way(lambda: None)
        self.remotes = Remotes(folder, lambda _kind, url, etag: fetch(url, etag, way, seconds), self.said.append, clock)
        self.remotes.trust = trust
        self.use(self.remotes.anew("rules", self.read))

    def read(self):
        return RuleSet.load(*self.local, self.url, get=self.remotes.get)

    def use(self, rules):
        self.rules = rules
        self.remotes.settle("rules", True)

    def look(self):
        """Ask, and put in force what can be. -> what was wrong"""
        looked = self.remotes.look("rules", self.url)
        if not looked.offered:
            return looked.problem
        try:
            self.use(self.read())
        except RuleFileError as error:
            self.remotes.settle("rules", False)
            return str(error)
        return None

    @property
    def ids(self):
        return [ready.rule.id for ready in self.rules.rules]


def test_newer_file_is_put_in_force_and_the_same_is_not_sent_again(server, tmp_path):
    proxy = Proxy(tmp_path, server.put(rules(1, blocks("one"))))
    assert proxy.look() is None and proxy.ids == ["one"]
    assert server.asked[1][1], "with the last ETag"
    server.put(rules(2, blocks("two")))
    assert proxy.look() is None and proxy.ids == ["two"]


WRONG = {
    "older": (rules(4, blocks("x")), "serial 4, older than what was in force"),
    "much older": (rules(1, blocks("x")), "serial 1, older"),
    "the same serial with other content": (rules(5, blocks("x")), "serial 5 again with other content"),
    "no signature": (b"version: 1\nserial: 6\n", "no signature"),
    "another's signature": (rules(6, blocks("x"), key=OTHER), "expected one by a trusted key"),
    "signed as a catalog": (rules(6, blocks("x"), kind="catalog"), "does not fit"),
    "a catalog": (catalog(6, "- {id: a, category: web, method: GET, path: /a}\n"), "does not fit"),
    "cut off": (rules(6, blocks("x"))[:-9], "does not fit"),
    "more behind it": (rules(6, blocks("x")) + b"rules: []\n", "does not fit"),
    "other line ends": (rules(6, blocks("x")).replace(b"\n", b"\r\n"), "no signature"),
    "a byte order mark": (b"\xef\xbb\xbf" + rules(6, blocks("x")), "no signature"),
    "nothing": (b"", "no signature"),
    "no serial": (sign("rules", b"version: 1\n" + blocks("x").encode(), KEY), "no serial"),
    "a serial of 0": (rules(0, blocks("x")), "no serial"),
    "a serial that is text": (rules('"6"', blocks("x")), "no serial"),
    "a serial with a point": (rules("6.0", blocks("x")), "no serial"),
    "a serial that is true": (rules("true", blocks("x")), "no serial"),
    "a serial that other parsers read as 6": (rules("0x6", blocks("x")), "no serial"),
    "a serial that leaves no room": (rules(10**17, blocks("x")), "found the number 100000000000000000"),
    "two serials": (rules("6\nserial: 7", blocks("x")), "serial: found the key again"),
    "two documents": (rules(6, blocks("x") + "---\nversion: 1\nserial: 9\n"), "second document"),
    "a tag": (rules("!!int 6", blocks("x")), "no serial"),
    "an unknown key": (rules(6, "rulez: []\n"), "unknown key"),
    "no UTF-8": (sign("rules", b"version: 1\nserial: 6\n# \xff\n", KEY), "UTF-8"),
    "a bad rule": (rules(6, "rules: [{id: a, match: {endpoint: nowhere}, then: {block: true}}]\n"), "unknown endpoint"),
    "a rule of a local name": (rules(6, blocks("mine")), "each id once in all files"),
}


@pytest.mark.parametrize(("data", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_a_server_may_send_and_nothing_changes(server, tmp_path, data, said):
    """Neither what is in force, nor what the next start begins with; the file after that is taken all the same."""
    (tmp_path / "local.yaml").write_text("version: 1\n" + blocks("mine", "/a"))
    proxy = Proxy(tmp_path, server.put(rules(5, blocks("five"))), local=[tmp_path / "local.yaml"])
    before = proxy.rules
    server.put(data)
    assert said in proxy.look() and said in proxy.look()
    assert proxy.rules is before
    server.manner = "broken"
    assert Proxy(tmp_path, proxy.url, local=proxy.local).ids == ["mine", "five"]
    server.manner = "well"
    server.put(rules(7, blocks("seven")))
    assert proxy.look() is None and proxy.ids == ["mine", "seven"]


@pytest.mark.parametrize("manner", ["missing", "broken", "portal", "elsewhere", "packed", "nothing", "drips", "hangs", "cut", "nonsense"])
def test_what_a_server_may_do_and_nothing_changes(server, tmp_path, manner):
    proxy = Proxy(tmp_path, server.put(rules(5, blocks("five"))), seconds=0.3)
    server.put(rules(6, blocks("six") + "# more\n" * 20))
    server.manner = manner
    assert proxy.look() and proxy.ids == ["five"]
    server.manner = "well"
    assert proxy.look() is None and proxy.ids == ["six"]


def test_file_signed_anew_by_another_trusted_key_is_kept_as_that(server, tmp_path):
    both = (public(KEY), public(OTHER))
    proxy = Proxy(tmp_path, server.put(rules(5, blocks("five"))), trust=both)
    server.put(rules(5, blocks("five"), key=OTHER))
    assert proxy.look() is None
    server.manner = "broken"
    assert Proxy(tmp_path, proxy.url, trust=(public(OTHER),)).ids == ["five"]


def test_start_without_network_uses_the_copy_and_says_how_old_it_is(server, tmp_path):
    url = server.put(rules(5, blocks("five")))
    Proxy(tmp_path, url)
    server.manner = "broken"
    proxy = Proxy(tmp_path, url, clock=lambda: 10_000.0 + 3 * 3600)
    assert proxy.ids == ["five"]
    assert "answers 500" in proxy.said[0] and "its copy is in force, serial 5, was checked 3 hours ago" in proxy.said[0]


def test_start_waits_no_longer_than_that_for_a_server_that_hangs(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "WITH_COPY", 0.1)
    url = server.put(rules(5, blocks("five")))
    Proxy(tmp_path, url)
    server.manner = "hangs"
    proxy = Proxy(tmp_path, url, seconds=30)
    assert proxy.ids == ["five"] and "no answer within 0.1 s" in proxy.said[0]


def test_start_with_neither_network_nor_copy_is_refused(tmp_path):
    with pytest.raises(
        RuleFileError,
        match=r"found nothing to start with \(it cannot be fetched: there is no connection .*\), expected a signed file there, or a copy",
    ):
        Proxy(tmp_path, nowhere())


def test_start_with_a_server_that_says_nothing_has_changed_and_no_copy_is_refused(server, tmp_path):
    server.manner = "unchanged"
    with pytest.raises(RuleFileError, match="answers 304"):
        Proxy(tmp_path, server.put(b""))


def test_start_goes_on_with_the_copy_when_the_newer_file_is_of_no_use(server, tmp_path):
    url = server.put(rules(5, blocks("five")))
    Proxy(tmp_path, url)
    server.put(rules(6, "rules: [{id: a, match: {}, then: {route: nowhere}}]\n"))
    proxy = Proxy(tmp_path, url)
    assert proxy.ids == ["five"] and "a newer rules file by URL cannot be used" in proxy.said[0]


def test_serial_is_remembered_over_a_start_and_across_proxies(server, tmp_path):
    """Two proxies with one state folder: what one has had, the other does not go back behind."""
    url = server.put(rules(5, blocks("five")))
    one, two = Proxy(tmp_path, url), Proxy(tmp_path, url)
    server.put(rules(6, blocks("six")))
    assert one.look() is None
    server.put(rules(5, blocks("five") + "# signed anew\n"))
    assert two.look() is None and two.ids == ["six"], "the other proxy's, instead of what the server has"
    server.manner = "broken"
    assert Proxy(tmp_path, url).ids == ["six"]


def test_key_that_is_no_longer_trusted_refuses_its_copy(server, tmp_path):
    url = server.put(rules(5, blocks("five")))
    Proxy(tmp_path, url)
    with pytest.raises(RuleFileError, match="expected one by a trusted key"):
        Proxy(tmp_path, url, trust=(public(OTHER),))
    with pytest.raises(RuleFileError, match=r"no key that is trusted, expected .*amp_trust"):
        Proxy(tmp_path, url, trust=())


def test_changed_copy_is_refused(server, tmp_path):
    url = server.put(rules(5, blocks("five")))
    Proxy(tmp_path, url)
    path = path_of(tmp_path, "rules", url)
    path.write_bytes(path.read_bytes().replace(b"five", b"evil"))
    server.manner = "broken"
    with pytest.raises(RuleFileError, match="does not fit"):
        Proxy(tmp_path, url)


def test_disk_that_takes_nothing_is_said_and_the_rules_are_in_force(server, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    proxy = Proxy(tmp_path / "link", server.put(rules(5, blocks("five"))))
    assert proxy.ids == ["five"] and "cannot be kept for a start without network" in proxy.said[0]
    server.put(rules(4, blocks("four")))
    assert "older" in proxy.look(), "the serial is remembered as long as it runs"


def test_who_cannot_wait_is_told(server, tmp_path):
    remotes = Proxy(tmp_path, server.put(rules(1))).remotes
    with pytest.raises(NotYet):
        remotes.get("rules", server.put(rules(1), "/other.yaml"), None, wait=False)
    assert remotes.look("rules", server.url("/other.yaml")).offered
    assert remotes.get("rules", server.url("/other.yaml"), None, wait=False).file.endswith("/other.yaml")


def test_url_that_is_no_longer_read_is_no_longer_asked_for(server, tmp_path):
    proxy = Proxy(tmp_path, server.put(rules(1)))
    proxy.url = server.put(rules(1), "/other.yaml")
    proxy.use(proxy.remotes.anew("rules", proxy.read))
    assert [url for _, url in proxy.remotes.urls] == [proxy.url]


def test_readers_beside_the_proxy_have_its_copies(tmp_path):
    url = "https://rules.example/a.yaml"
    get = kept_only(tmp_path)
    with pytest.raises(RuleFileError, match="only the proxy fetches"):
        get("rules", url, None)
    with pytest.raises(RuleFileError, match="no copy of it on this machine"):
        get("rules", url, OURS)
    keep(path_of(tmp_path, "rules", url), Copy(data=rules(5), serial=5, checked=0.0))
    assert serial_of(get("rules", url, OURS)) == 5
    with pytest.raises(RuleFileError, match="trusted key"):
        get("rules", url, (public(OTHER),))


def test_place_of_a_problem_is_that_in_the_file_with_its_signature(server, tmp_path):
    with pytest.raises(RuleFileError) as error:
        Proxy(tmp_path, server.put(rules(1, "rulez: []\n")))
    assert f"{server.url()}:4:1: rulez" in str(error.value)


@pytest.mark.parametrize(("seconds", "said"), [(0.5, "just now"), (1, "1 second ago"), (7200, "2 hours ago"), (86400 * 40, "40 days ago")])
def test_ages(seconds, said):
    assert said_age(seconds) == f"was checked {said}"


def test_serial_of_a_file_that_is_no_mapping():
    with pytest.raises(RuleFileError, match="no serial"):
        serial_of(parse("- a\n", "f"))
