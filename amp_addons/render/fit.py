"""Text of the traffic made to fit a column: its width is counted in cells, and nothing in it steers the terminal.

Every text that reaches the screen passes through `clip`, `pad` or `squeeze`, whatever was done to it before (THREATS 1).
"""

from rich.cells import cell_len, set_cell_size

from amp_addons.core.scrub import visible

ELLIPSIS = "…"


def clip(text: str, width: int) -> str:
    """The text made visible and cut off at `width` cells, with an ellipsis in the last one."""
    text = visible(text)
    if len(text) <= width and text.isascii():
        return text
    if width <= 0:
        return ""
    if text.isascii():
        return text[: width - 1] + ELLIPSIS
    # No cell holds more than a few characters; a heap of combining marks ends here.
    short = text[: 4 * width]
    if short == text and cell_len(text) <= width:
        return text
    return set_cell_size(short, width - 1).rstrip() + ELLIPSIS


def pad(text: str, width: int) -> str:
    """The text made visible, cut off or filled up to exactly `width` cells."""
    text = clip(text, width)
    return text.ljust(width) if text.isascii() else text + " " * (width - cell_len(text))


def squeeze(text: str, width: int) -> str:
    """The text made visible and shortened in its middle: the end of a path says more than its middle."""
    text = visible(text)
    if len(text) <= width and text.isascii():
        return text
    if width < 5 or not text.isascii():
        return clip(text, width)
    end = width * 3 // 5
    head, tail = text[: width - 1 - end], text[-end:]
    # A segment of a path stays whole where that costs little.
    start, stop = tail.find("/"), len(head) if text[len(head)] == "/" else head.rfind("/") + 1
    return f"{head[:stop] if stop > len(head) // 2 else head}{ELLIPSIS}{tail[start:] if 0 < start < end // 2 else tail}"
