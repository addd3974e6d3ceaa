from typing import Any

import pytest

from amp_addons.core.endpoint import UNKNOWN_IDS, Endpoint, resolve
from amp_addons.core.fields import FieldError


def endpoint(**values: Any) -> Endpoint:
    return Endpoint(**{"id": "x", "category": "other", "method": "GET", "path": "/x"} | values)


@pytest.mark.parametrize("id", UNKNOWN_IDS)
def test_the_names_of_the_unknown_are_taken(id: str) -> None:
    with pytest.raises(FieldError, match="another name"):
        endpoint(id=id)


@pytest.mark.parametrize(("host", "route"), [(None, "direct"), (None, "external"), ("a.example", "proxied")])
def test_host_and_route_must_go_together(host: str | None, route: str) -> None:
    with pytest.raises(FieldError, match="route: found"):
        endpoint(host=host, route=route)


def test_every_path_must_be_a_pattern() -> None:
    with pytest.raises(ValueError, match="starts with /"):
        endpoint(path=("/x", "y"))


def test_one_and_several_methods_and_paths_read_alike() -> None:
    assert (endpoint().methods, endpoint().paths) == (("GET",), ("/x",))
    assert endpoint(method=("GET", "PUT"), path=("/a", "/b")).methods == ("GET", "PUT")


@pytest.mark.parametrize(
    ("host", "route", "expected"), [(None, None, "proxied"), ("a.example", None, "external"), ("a.example", "direct", "direct")]
)
def test_the_route_follows_from_the_host(host: str | None, route: str | None, expected: str) -> None:
    assert resolve(endpoint(host=host, route=route), "mine").route == expected


def test_a_row_without_source_names_the_versions_it_was_seen_in() -> None:
    assert resolve(endpoint(versions=("1", "2")), "mine", seen=["2", "3"]).source == "seen in 1, 2, 3"
    assert resolve(endpoint(versions=("1",), source="main.js:1"), "mine").source == "main.js:1"
    assert resolve(endpoint(), "mine").source is None
    assert resolve(endpoint(), "mine").catalog == "mine"
