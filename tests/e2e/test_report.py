"""Reports in a real Chromium: nothing of the traffic runs, loads or leaves; the page opens quickly, and is used by keys."""

import json
import re

import pytest
from support.capture import CaptureFile, many, story
from support.chromium import Chromium, Page, chromium
from support.everywhere import everywhere

from amp_addons.core.classify import DEFAULT_AMP_URL
from amp_addons.report.make import make_report
from amp_addons.rulefiles.detectors import Redactor

pytestmark = pytest.mark.e2e

RUN = "window.ran=1;document.title='ran';console.log('ran')"
PAYLOADS = {
    "script": f"<script>{RUN}</script>",
    "script-end": f"</script><script>{RUN}</script>",
    "style-end": f"</style><script>{RUN}</script>",
    "title-end": f"</title></head><body><script>{RUN}</script>",
    "details-end": f"</summary></details></pre></code></div><script>{RUN}</script>",
    "comment": f"<!--><script>{RUN}</script>-->",
    "cdata": f"<![CDATA[<script>{RUN}</script>]]>",
    "module": f"<script type=module>{RUN}</script>",
    "image": f'<img src=x onerror="{RUN}">',
    "image-unquoted": f"<img/src=x/onerror={RUN}>",
    "svg": f"<svg onload=\"{RUN}\"><animate onbegin=\"{RUN}\" attributeName=x dur=1s /></svg>",
    "svg-script": f"<svg><script>{RUN}</script></svg>",
    "svg-use": "<svg><use href=\"data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>#x\"/></svg>",
    "math": f'<math><mtext><table><mglyph><style><img src=x onerror="{RUN}">',
    "quote": f'" onmouseover="{RUN}" autofocus onfocus="{RUN}" x="',
    "single-quote": f"' onmouseover='{RUN}' autofocus onfocus='{RUN}' x='",
    "backtick": f"` onfocus={RUN} autofocus `",
    "details": f'<details open ontoggle="{RUN}">x</details>',
    "body": f'<body onload="{RUN}" onpageshow="{RUN}">',
    "iframe": f"<iframe srcdoc=\"<script>parent.{RUN}</script>\"></iframe>",
    "iframe-load": "<iframe src=http://canary.test/></iframe>",
    "object": "<object data=http://canary.test/></object><embed src=http://canary.test/>",
    "link": "<link rel=stylesheet href=http://canary.test/x.css><link rel=prefetch href=http://canary.test/><link rel=preconnect href=http://canary.test>",
    "refresh": '<meta http-equiv="refresh" content="0;url=http://canary.test/">',
    "refresh-script": f'<meta http-equiv="refresh" content="0;url=javascript:{RUN}">',
    "base": "<base href=http://canary.test/>",
    "form": f'<form action="http://canary.test/"><input name=q><button formaction="javascript:{RUN}">x</button></form>',
    "style": "<style>body{background:url(http://canary.test/)} @import 'http://canary.test/x.css';</style>",
    "style-attribute": '<div style="background:url(http://canary.test/);position:fixed;inset:0">x</div>',
    "video": "<video src=http://canary.test/ autoplay></video><audio src=http://canary.test/ autoplay></audio>",
    "md-script-link": f"[x](javascript:{RUN}) [y](JaVaScRiPt:{RUN}) [z](java&#10;script:{RUN}) <javascript:{RUN}>",
    "md-encoded-link": "[x](&#106;avascript:alert(1)) [y](\\x01javascript:alert(1)) [z](vbscript:x) [v](//canary.test)",
    "md-data-link": f"[x](data:text/html,<script>{RUN}</script>) ![y](data:image/svg+xml,<svg/onload={RUN}>)",
    "md-image": "![x](http://canary.test/x.png) ![y][z]\n\n[z]: http://canary.test/y.png",
    "md-title": f"[x](http://canary.test/ \"t' onmouseover='{RUN}' \\\" onmouseover=\\\"{RUN}\") [y](http://canary.test/\"onmouseover=\"{RUN})",
    "md-table": f"| a |\n|---|\n| <img src=x onerror=\"{RUN}\"> |",
    "md-fence": f"```html\" onload=\"{RUN}\n</code></pre><script>{RUN}</script>\n```",
    "md-html": f"<div onclick=\"{RUN}\">\n\n*x*\n\n</div>\n<b onclick={RUN}>x</b>",
    "jinja": "{{ 7*7 }}{% raw %}{{ ''.__class__.__mro__[1].__subclasses__() }}{% include '/etc/passwd' %}{# x #}",
    "template-js": "${window.ran=1} #{window.ran=1} <%= 1 %>",
    "hash": '#"><img src=x onerror=alert(1)>',
    "utf-7": "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "half-pair": f"\ud800<script>{RUN}</script>\udc00",
    "nul": f"<scr\0ipt>{RUN}</script><\0script>{RUN}</script>",
    "separators": f"\u2028\u2029</script><script>{RUN}</script>",
    "fullwidth": f"\uff1cscript\uff1e{RUN}\uff1c/script\uff1e \u02ba onfocus={RUN} \u02ba",
    "long-s": f"<\u017fcript>{RUN}</\u017fcript> java\u017fcript:{RUN}",
    "bidi": "\u202e>tpircs/<\u2066 \u200bx\u2069 \U000e0041\U000e0042",
    "controls": "\x1b]0;ran\x07\x1b[31m \x9b \x7f",
    "clobber": "<img name=getElementById><form id=search><input id=found></form><a id=help name=help>",
    "highlight": "<b data-item data-is=all class=thread id=t1 hidden>",
}  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser):
    page = browser.page()
    page.size(1280, 900)
    return page


def report(source, target, title=None):
    made = make_report([str(source)], Redactor.builtin(), amp_url=DEFAULT_AMP_URL, title=title)
    assert not made.problems
    target.write_text(made.html, encoding="utf-8")
    return target


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A report of a capture with each payload in each place."""
    folder = tmp_path_factory.mktemp("hostile")
    with CaptureFile(folder / "hostile.flows") as out:
        for number, payload in enumerate(PAYLOADS.values()):
            everywhere(out, number * 30.0, payload)
    return report(out.path, folder / "report.html", title=f"<script>{RUN}</script>")


def exercised(page: Page) -> None:
    """Unfold, hover over, search and click all that is there."""
    page.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    page.run(
        """document.querySelectorAll('main *').forEach(each => {
            for (const kind of ['mouseover', 'focus', 'pointerenter', 'toggle', 'animationstart'])
                each.dispatchEvent(new Event(kind, { bubbles: true }));
        })"""
    )
    for key in "jjke/":
        page.press(key)
    page.type("script")
    page.until("document.getElementById('found').textContent !== ''")
    page.press("Escape")
    page.run(
        """document.querySelectorAll('main a[href^="#"]').forEach((each, at) => {
            if (at % 40 === 0) each.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
        })"""
    )
    page.run("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")


def what_ran(page: Page, browser: Chromium, file) -> list:
    """All that speaks of something having run, or having been asked for."""
    told = {"Page.javascriptDialogOpening", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}
    found = [(method, json.dumps(about)[:300]) for method, about in page.events if method in told]
    failed = [about for method, about in page.events if method == "Network.loadingFailed"]
    stopped = {about["requestId"] for about in failed if about.get("blockedReason") == "csp" or "BY_CSP" in about["errorText"]}
    sent = [about for method, about in page.events if method == "Network.requestWillBeSent"]
    # In the place of a frame that was stopped the browser shows a page of its own, with pictures.
    sent = [about for about in sent if not about["documentURL"].startswith("chrome-error:")]
    requests = [about["request"]["url"] for about in sent if about["requestId"] not in stopped]
    found += [("request", url) for url in requests if not url.startswith((file.as_uri(), "about:blank"))]
    found += [("opened", url) for url in browser.opened if url != "about:blank" and not url.startswith(file.as_uri())]
    navigated = [about for method, about in page.events if method == "Page.frameNavigated" and "parentId" not in about["frame"]]
    found += [("navigated", about["frame"]["url"]) for about in navigated[1:]]
    if page.run("window.ran") is not None:
        found.append(("ran", ""))
    return found


def test_nothing_of_the_traffic_runs_or_loads(page, browser, hostile):
    """Each payload stands in every place that traffic can put a text; the browser says that nothing came of it."""
    page.open(hostile)
    exercised(page)
    assert what_ran(page, browser, hostile) == []
    assert page.run("document.title") == f"<script>{RUN}</script>"


def test_escaping_alone_holds_without_the_policy(page, browser, hostile, tmp_path):
    """The policy is the second line: with it taken out, nothing runs either."""
    bare = tmp_path / "bare.html"
    text = hostile.read_text(encoding="utf-8")
    without = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text, count=1)
    assert without != text
    bare.write_text(without, encoding="utf-8")
    page.open(bare)
    exercised(page)
    assert what_ran(page, browser, bare) == []


@pytest.mark.parametrize("name", ["script", "image", "svg", "iframe-load", "style-attribute"])
def test_the_policy_alone_holds_without_escaping(page, browser, hostile, tmp_path, name):
    """A payload put into the page as HTML is stopped by the policy; without it these tests see what it does."""
    text = hostile.read_text(encoding="utf-8")
    heads = {"guarded": text[: text.index("<main")], "open": "<!DOCTYPE html><meta charset=utf-8><title>x</title><body>"}
    found = {}
    for kind, head in heads.items():
        file = tmp_path / f"{kind}.html"
        file.write_text(f"{head}{PAYLOADS[name]}", encoding="utf-8")
        page.open(file)
        page.run("new Promise(done => setTimeout(done, 100))")
        found[kind] = {what for what, _ in what_ran(page, browser, file)}
    assert found["guarded"] == {"Log.entryAdded"}  # which says what the policy stopped
    assert found["open"] & {"ran", "request"}


def test_all_that_is_in_the_page_is_what_the_templates_have(page, hostile):
    """Elements, attributes and addresses: only known ones, however hostile the texts."""
    page.open(hostile)
    found = page.run(
        """(() => {
            const tags = new Set(), names = new Set(), links = new Set();
            for (const each of document.querySelectorAll('*')) {
                tags.add(each.localName);
                for (const name of each.getAttributeNames()) names.add(name);
                if (each.hasAttribute('href')) links.add(new URL(each.getAttribute('href'), 'about:blank').protocol);
            }
            return { tags: [...tags], names: [...names], links: [...links], scripts: document.scripts.length };
        })()"""
    )
    assert found["scripts"] == 1 and set(found["links"]) <= {"about:", "http:", "https:"}
    assert not {"img", "iframe", "object", "embed", "link", "base", "video", "audio", "foreignobject", "use", "animate"} & set(
        found["tags"]
    )
    assert not [name for name in found["names"] if name.startswith("on") or name in ("style", "src", "srcdoc", "action", "formaction")]


def test_two_thousand_flows_open_in_two_seconds(page, tmp_path):
    """Of the processor's time: machines of tests do other things as well. `scripts/bench report` has the clock's."""
    file = report(many(tmp_path / "many.flows", 2000), tmp_path / "report.html")
    assert file.stat().st_size < 10_000_000
    assert min(page.opened(file)[2] for _ in range(3)) < 2000
    assert page.run("document.querySelectorAll('details.flow').length") == 2000


class TestKeys:
    @pytest.fixture
    def story(self, page, tmp_path):
        page.open(report(story(tmp_path / "story.flows"), tmp_path / "report.html"))
        return page

    def test_moving_and_unfolding(self, story):
        story.press("j")
        assert story.run("document.querySelector('.current').id") == "t1"
        story.press("Enter")
        story.until("document.getElementById('t1').open")
        story.press("j")
        assert story.run("document.querySelector('.current').id") == "r7"
        story.press("k")
        story.press("Enter")
        story.until("!document.getElementById('t1').open")
        story.press("j")
        assert story.run("document.querySelector('.current').id") == "t2"

    def test_search_shows_what_holds_all_words(self, story):
        story.press("/")
        story.type("haiku Buffers")
        story.until("document.getElementById('found').textContent === '1 conversation, 0 flows'")
        assert story.run("[...document.querySelectorAll('details.thread')].map(each => !each.hidden && each.open)") == [False, True, False]
        assert story.run("CSS.highlights.get('search').size") >= 2
        story.press("Escape")
        assert story.run("document.querySelectorAll('details.thread:not([hidden])').length") == 3

    def test_filter_shows_one_kind_of_flows(self, story):
        story.run("document.querySelector('[data-filter=problem]').click()")
        assert story.run("document.querySelectorAll('details.flow:not([hidden])').length") == 8

    def test_help(self, story):
        story.press("?")
        assert story.run("document.getElementById('help').open")

    def test_an_address_within_unfolds_what_it_is_in(self, story):
        story.run("location.hash = '#r10'")
        story.until("document.getElementById('t1').open && document.querySelector('.current').id === 'r10'")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_the_window_in_light_and_dark(page, tmp_path, width, dark):
    page.size(width, 900, dark=dark)
    page.open(report(story(tmp_path / "story.flows"), tmp_path / "report.html"))
    page.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert page.run("document.documentElement.scrollWidth") <= width
    colour = page.run("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", colour))) < 200) is dark


def test_it_prints(page, tmp_path):
    page.open(report(story(tmp_path / "story.flows"), tmp_path / "report.html"))
    page.pdf(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-") and (tmp_path / "report.pdf").stat().st_size > 20_000
