"""Server-sent events, written (WHATWG HTML, section 9.2.5)."""

import re

_LINE_END = re.compile(r"\r\n|\r|\n")


def event_text(
    data: str | None = None, *, event: str | None = None, id: str | None = None, retry: int | None = None, comment: str | None = None
) -> bytes:
    """One event, or a comment alone. Data and comment may have several lines; a name or id must have one (the caller's to check)."""
    lines = [f": {line}" if line else ":" for line in _lines(comment)]
    lines += [f"{name}: {value}" for name, value in (("id", id), ("event", event), ("retry", retry)) if value is not None]
    lines += [f"data: {line}" for line in _lines(data)]
    return "".join(f"{line}\n" for line in [*lines, ""]).encode()


def _lines(text: str | None) -> list[str]:
    return [] if text is None else _LINE_END.split(text)
