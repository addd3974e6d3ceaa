import pytest

from amp_addons.core.redact.claims import Claims
from amp_addons.core.redact.detector import Detector

KNOWN = [
    Detector(id="prefix", description="", keywords=("acme_",), pattern="acme_[0-9]{8}"),
    Detector(id="service", description="", keywords=("umbrella",), pattern="[0-9a-f]{32}", near=True),
    Detector(id="inside", description="", keywords=("-zz-",), pattern="[0-9]{4}-zz-[0-9]{4}"),
    Detector(id="general", description="", keywords=("hidden_",), pattern="hidden_[0-9]{4}", yields=True),
]


@pytest.mark.parametrize(
    ("before", "value", "claimed"),
    [
        ("token=", "acme_12", True),
        ("token=", "ACME_12", True),
        ("token=", "12acme_", False),
        ("umbrella_key=", "ab12", True),
        ("the Umbrella token: ", "ab", True),
        ("umbrella_password=", "ab", False),
        ("umbrella\ntoken=", "ab", False),
        ("umbrella_token=", "123456", False),
        ("token=", "-zz-1234", False),
        ("token=", "hidden_1", False),
    ],
)
def test_who_decides(before: str, value: str, claimed: bool) -> None:
    data = (before + value).encode()
    assert Claims(KNOWN).claim(data, len(before), len(data)) is claimed


def test_without_detectors_nothing_is_claimed() -> None:
    assert not Claims([]).claim(b"token=acme_1", 6, 12)


@pytest.mark.parametrize(("value", "is_open"), [("ac", True), ("ACME", True), ("acme_", False), ("acmx", False), ("", True), ("zz", False)])
def test_a_value_may_become_anothers_by_what_comes(value: str, is_open: bool) -> None:
    assert Claims(KNOWN).is_open(f"token={value}".encode(), 6) is is_open
