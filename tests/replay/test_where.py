import pytest

from amp_addons.core.exchange import Exchange
from amp_addons.core.rules.condition import compile_match
from amp_addons.replay.where import KEYS, parse_where
from amp_addons.rulefiles.catalog import classify

URL = "https://ampcode.com/api/provider/anthropic/v1/messages?beta=true&x=a b"
BODY = b'{"model":"claude-sonnet-4-5","stream":true,"tools":[{"name":"grep"}]}'


def holds(text):
    headers = ((b"x-amp-thread-id", b"T-1"), (b"x-a", b"1"))
    exchange = Exchange("POST", URL.replace(" ", "%20"), headers, BODY, client="10.0.0.7", flow="f", classification=classify("POST", URL))
    return compile_match(parse_where(text), "where").hold(exchange)


CONDITIONS = {
    "endpoint": ("endpoint=provider.*", "endpoint=threads.*"),
    "category": ("category=inference,threads", "category=web"),
    "provider": ("provider=anthropic", "provider=openai"),
    "route": ("route=proxied", "route=direct"),
    "known": ("known=true", "known=false"),
    "method": ("method=post", "method=GET,PUT"),
    "host": ("host=*code.com", "host=x.example"),
    "path": ("path=/api/**", "path=/api/*"),
    "query": ("query.beta=true 'query.x=a b'", "query.beta=false"),
    "header": ("header.X-A=1 header.x-none=false", "header.x-a=2"),
    "model": ("model=claude-*", "model=gpt-*"),
    "stream": ("stream=true", "stream=false"),
    "body_bytes": ("body_bytes.min=10 body_bytes.max=1000", "body_bytes.max=10"),
    "client": ("client=10.0.0.0/8", "client=11.0.0.0/8,12.0.0.1"),
    "thread": ("thread=T-*", "thread=T-2"),
    "tool": ("tool=grep", "tool=bash"),
}


@pytest.mark.parametrize("key", KEYS)
def test_every_key_tells_flows_apart(key):
    yes, no = CONDITIONS[key]
    assert holds(yes) and not holds(no)


@pytest.mark.parametrize(
    "text",
    [
        r"model=re:claude-\w+-\d-\d",
        "model=re:^claude-sonnet.{1,9}$",
        r"'path=re:/api/.*/v\d/messages'",
        '"model=claude-*" stream=true',
        "model=x,claude-*",
    ],
)
def test_patterns_are_taken_as_they_are_written(text):
    """A backslash and a comma belong to a regular expression."""
    assert holds(text)


def test_all_conditions_must_hold_and_none_holds_always():
    assert holds("") and holds("provider=anthropic model=claude-*")
    assert not holds("provider=anthropic model=gpt-*")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("provider", "found 'provider', expected KEY=VALUE, as in provider=anthropic"),
        ("provider=", "found 'provider=', expected KEY=VALUE"),
        ("=x", "found the key '', expected one of endpoint, category"),
        ("provdier=x", "found the key 'provdier', expected one of .* Did you mean 'provider'?"),
        ("sample=5", "found the key 'sample', expected one of"),
        ("query=x", "found the key 'query', expected query.NAME=VALUE"),
        ("model.a=x", "found the key 'model.a', expected model=VALUE"),
        ("category=nope", "found 'category=nope', which cannot be .*nope"),
        ("stream=maybe", "found 'stream=maybe', which cannot be"),
        ("body_bytes.min=x", "found 'body_bytes.min=x', which cannot be"),
        ("body_bytes.min=5 body_bytes.max=1", "which cannot be"),
        ("body_bytes.least=5", "which cannot be"),
        ("'provider=x", "with a quote that does not end"),
        ("model=a model=b", "found model twice, expected it once, as in model=one,other"),
        ("model=re:(", "which cannot be"),
        ("client=zz", "which cannot be"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_was_expected(text, message):
    with pytest.raises(ValueError, match=message):
        parse_where(text)
