"""A text filter for the texts of an answer, whatever its API. Everything else stays byte for byte as it came.

Each channel (a block, a choice's content, the arguments of a call, …) has a filter of its own. In an event only the string that holds the
delta changes, and only if its text does; one from which all is held back still goes on, empty. What a filter holds at a channel's end
goes into the event that ends it, where that has text of the channel, else into one extra event before it. Texts that come whole go
through a filter at once, so that they agree with what came in pieces.
"""

from amp_addons.core.answers.blocks import Blocks
from amp_addons.core.answers.channel_edit import ChannelEdit, Edited, Extra, Others
from amp_addons.core.answers.event_data import DataLine, data_line, has_fields_only
from amp_addons.core.answers.filter import Filters
from amp_addons.core.answers.objects import Objects
from amp_addons.core.answers.shapes import shape_of
from amp_addons.core.answers.shapes.shape import Shape
from amp_addons.core.stream import DONE

MAX_CHANNELS = 1_000
"""Channels that are open at the same time: as many as there are tool calls of one answer that are told apart."""

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n" + _BOM
_COMMA = b",\r\n"
_MAX_BLANK = 65_536  # no body begins with so many blanks


class TextChannels:
    """A Transform. It raises only what a filter raises (`Guarded` ends the answer then), and holds back no more than an unfinished event
    or object and what the filters hold.

    `unseen` counts the events and bodies that may hold texts which could not be looked into: unknown ones, broken ones, too large ones, and
    those in which a key stands twice. They go on unchanged, so a caller whose filter must miss nothing looks at it before it sends.
    """

    def __init__(self, api: str | None, filters: Filters, *, max_channels: int = MAX_CHANNELS, others: Others | None = None) -> None:
        shape = shape_of(api)
        self._edit = ChannelEdit(shape, filters, max_channels, others)
        self._is_known = type(shape) is not Shape
        self._is_google = api == "google-generatecontent"
        self._blocks = Blocks(self._event)
        self._objects: Objects | None = None
        self._begun = False
        self._blank = b""
        self._before = b""  # the last byte of an array's text that is not blank
        self._crlf = False
        self._named = shape.named
        self._unread = 0

    @property
    def unseen(self) -> int:
        skipped = self._blocks.skipped + (self._objects.skipped if self._objects else 0)
        return self._unread + skipped + self._edit.unseen

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes, return what may go on."""
        if self._begun:
            return self._feed_objects(self._objects, data) if self._objects else self._blocks.feed(data)
        if self._is_known:
            return self._begin(data)
        self._unread = self._unread or int(bool(data))
        return [data] if data else []

    def close(self) -> list[bytes]:
        """End the body, return what was held back."""
        blank, self._blank = self._blank, b""
        last = self._close_objects(self._objects) if self._objects else self._close_events()
        return [piece for piece in (blank, last) if piece]

    def _begin(self, data: bytes) -> list[bytes]:
        """Tell an event stream from JSON by the first character. White space before it means nothing in either."""
        data = self._blank + data
        first = data.lstrip(_BLANK)[:1]
        if not first and len(data) <= _MAX_BLANK:
            end = data.rfind(b"\n") + 1
            self._blank = data[end:]
            return [data[:end]] if end else []
        self._begun, self._blank = True, b""
        start = len(_BOM) if data.startswith(_BOM) else 0
        pieces = [_BOM] if start else []
        if first not in (b"{", b"["):
            return pieces + self._blocks.feed(data[start:])
        in_array = first == b"[" and self._is_google
        self._unread += first == b"[" and not in_array
        self._objects = Objects(self._item, 1, self._rest) if in_array else Objects(self._edit.whole)
        return pieces + self._feed_objects(self._objects, data[start:])

    # An event stream

    def _event(self, block: bytes) -> bytes:
        """One event, and before it those that end channels."""
        data = block[6:] if block.startswith(b"data: ") else block.partition(b"\ndata: ")[2]
        if data and 10 not in data and (new := self._edit.quick(data)) is not None:
            return block if new is data else block[: len(block) - len(data)] + new
        line = data_line(block)
        if line is None:
            self._unread += not has_fields_only(block)
            return block
        return self._edited(block, line, last=False)

    def _edited(self, block: bytes, line: DataLine, *, last: bool) -> bytes:
        self._crlf, self._named = line.crlf, line.is_named
        if not line.is_whole:
            self._unread += 1
            edited = self._edit.end_all(line.data) if last else Edited(line.data)
        elif line.data.strip() == DONE.encode():
            edited = self._edit.end_all(line.data)
        else:
            edited = self._edit.event(line.data, last=last)
        new = block if edited.data is line.data else block[: line.start] + edited.data + block[line.end :]
        return self._extras(edited.extras) + new

    def _extras(self, extras: tuple[Extra, ...]) -> bytes:
        end = b"\r\n" if self._crlf else b"\n"
        lines = []
        for extra in extras:
            lines += [b"event: %b" % extra.name.encode()] if self._named and extra.name else []
            lines += [b"data: " + extra.data, b""]
        return b"".join([line + end for line in lines])

    def _close_events(self) -> bytes:
        """The last event may lack its end: some clients take it all the same, so what is held goes before or into it."""
        held = self._blocks.close()
        if line := data_line(held):
            return self._edited(held, line, last=True)
        self._unread += not has_fields_only(held)
        return self._extras(self._edit.end_all(b"").extras) + held

    # JSON

    def _feed_objects(self, objects: Objects, data: bytes) -> list[bytes]:
        pieces = objects.feed(data)
        self._before = (self._before + b"".join(pieces)).rstrip(b" \t\r\n")[-1:]
        return pieces

    def _item(self, data: bytes) -> bytes:
        edited = self._edit.event(data)
        return _COMMA.join([*(extra.data for extra in edited.extras), edited.data])

    def _rest(self) -> bytes:
        """What goes before the end of an array: there has been an item."""
        return b"".join([_COMMA + extra.data for extra in self._edit.end_all(b"").extras])

    def _close_objects(self, objects: Objects) -> bytes:
        """An array that was cut off gets what is held before the object in which it was."""
        held = b"".join(objects.close())
        self._unread += bool(held)
        items = [*(extra.data for extra in self._edit.end_all(b"").extras), *([held] if held else [])]
        return (_COMMA if self._before == b"}" and items and items[0] is not held else b"") + _COMMA.join(items)
