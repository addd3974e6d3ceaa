import pytest

from amp_addons.replay.url import is_url, shown


@pytest.mark.parametrize("name", ["s3://bucket/a.flows", "file:///a", "gs+x://b", "HTTPS://host/a"])
def test_a_url_is_one(name):
    assert is_url(name)


@pytest.mark.parametrize("name", ["a.flows", "/a/b", "C://a", "-", "zip::s3://a", "a b://c", "dir/s3://x"])
def test_other_names_are_none(name):
    assert not is_url(name)


def test_a_password_is_not_shown():
    assert shown("ftp://me:" + "hunter2" + "@host/a.flows") == "ftp://***@host/a.flows"
    assert shown("a?token=b") == "a?token=b"
