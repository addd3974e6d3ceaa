"""What a check found: a state, a sentence, and what to do about it. Nothing secret gets into one."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

from amp_addons.core.scrub import MASK, scrub_text

type State = Literal["ok", "warning", "failure", "skipped"]

_USERINFO = re.compile(r"(?<=://)[^/?#@\s]*@")


class Finding(msgspec.Struct, frozen=True):
    """`id` names the check, for programs; `remedy` is what to do, or a hint, or nothing."""

    id: str
    state: State
    text: str
    remedy: str | None = None


def ok(id: str, text: str, hint: str | None = None) -> Finding:
    return _made(id, "ok", text, hint)


def warning(id: str, text: str, remedy: str) -> Finding:
    return _made(id, "warning", text, remedy)


def failure(id: str, text: str, remedy: str) -> Finding:
    return _made(id, "failure", text, remedy)


def skipped(id: str, text: str, hint: str | None = None) -> Finding:
    return _made(id, "skipped", text, hint)


def either(fails: bool) -> Callable[[str, str, str], Finding]:
    """`failure` where something comes of it, `warning` where nothing does yet."""
    return failure if fails else warning


def attempted(id: str, check: Callable[..., Iterable[Finding]], *inputs: Any) -> list[Finding]:
    """What a check finds. One that breaks is a finding itself, after what it had found, and keeps no other from being made."""
    found: list[Finding] = []
    try:
        found.extend(check(*inputs))
    except Exception as error:
        found.append(broken(id, error))
    return found


def broken(id: str, error: BaseException) -> Finding:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return warning(id, f"this could not be checked: {reason}", "If it happens again, it is a mistake of amp-addons: tell its maintainers.")


def clean(text: str) -> str:
    """Fit to be shown: no credentials, no user and password of a URL, nothing that steers a terminal."""
    return scrub_text(_USERINFO.sub(f"{MASK}@", text))


def _made(id: str, state: State, text: str, remedy: str | None) -> Finding:
    return Finding(id, state, clean(text), clean(remedy) if remedy else None)
