import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from amp_addons.replay.totals import Totals
from amp_addons.report import page as module
from amp_addons.report.model import Report
from amp_addons.report.page import money, page, policy


@pytest.fixture
def html(told, cleaner):
    reading, threads = told
    report = Report(
        title="A <day> of work", sources=["story.flows"], flows=reading.flows, threads=threads, totals=reading.totals, notes=["note <x>"]
    )
    return page(report, cleaner)


class Elements(HTMLParser):
    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.found, self.ids, self.links = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.found.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        if given.get("href", "").startswith("#"):
            self.links.append(given["href"][1:])


def test_the_policy_names_the_style_and_the_script_that_are_there(html):
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    [script] = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    [(_, meta)] = [(tag, given) for tag, given in Elements(html).found if given.get("http-equiv")]
    rules = dict(rule.split(" ", 1) for rule in meta["content"].split("; "))
    for text, name in ((style, "style-src"), (script, "script-src")):
        assert rules[name] == f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" and "\r" not in text
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'" and "unsafe" not in meta["content"]
    assert html.index("http-equiv") < html.index("<style")


def test_every_link_within_leads_somewhere_and_no_name_is_there_twice(html):
    found = Elements(html)
    assert set(found.links) <= set(found.ids) and len(found.ids) == len(set(found.ids)) and len(found.links) > 50


def test_no_element_has_a_handler_or_a_style(html):
    for tag, given in Elements(html).found:
        assert not [name for name in given if name.startswith("on") or name in ("style", "src")], (tag, given)


def test_all_that_is_asked_for_is_there(html):
    for text in (
        "A &lt;day&gt; of work",
        "note &lt;x&gt;",
        "2025-10-15, 14:00 to 14:02 UTC",
        "3 flows refused by rules",
        "1 flow broken off before the end",
        "history rewritten: no message is cached",
        "tools changed: +web_search",
        "+2 messages to the 5 of",
        "the answer above, sent back",
        "message 1 rewritten",
        "no-secret-leaves: redact",
        "brand-new-endpoint",
        "Client disconnected.",
        '<span class="del">- ',
        "<code>test_burst</code>",
        "max_tokens",
        "32000",
        "65% cached" if "65% cached" in html else "64% cached",
        "$0.0",
        "thread-actors",
        "subscribe",
    ):
        assert text in html, text


def test_a_page_of_nothing(cleaner):
    html = page(Report(title="x", sources=[], flows=[], threads=[], totals=Totals()), cleaner)
    assert "<h1>x</h1>" in html and "<svg" not in html


def test_when_there_is_too_much_texts_are_cut_short(told, cleaner, monkeypatch):
    monkeypatch.setattr(module, "MAX_TEXT", 2000)
    reading, threads = told
    html = page(Report(title="x", sources=[], flows=reading.flows, threads=threads, totals=reading.totals), cleaner)
    assert "characters left out" in html and len(html) < 90_000


@pytest.mark.parametrize(("dollars", "text"), [(0.00001, "<$0.0001"), (0.0042, "$0.0042"), (1.375, "$1.38"), (1204.3, "$1,204")])
def test_money(dollars, text):
    assert money(dollars) == text


def test_a_policy_depends_on_both():
    assert policy("a", "b") != policy("b", "a")
