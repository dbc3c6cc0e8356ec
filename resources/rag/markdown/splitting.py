"""Cutting what does not fit into one chunk: code and tables at lines, prose at sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from semantic_text_splitter import TextSplitter

from resources.rag.markdown.blocks import Kind, Leaf, Node, fence_of, fenced, says_something
from resources.rag.markdown.sizing import Meter

# Characters a token that the splitter gets at a time: its time grows faster than the text.
WINDOW = 12
_SENTENCE_ENDS = (".", "!", "?", ":", "。", "！", "？", "\n")


_Line = tuple[str, int]  # and its cost


@dataclass(frozen=True)
class Unit:
    """A text that goes into one chunk as it is, and its cost in tokens."""

    text: str
    cost: int
    tight: bool = False  # stands directly below the one before
    prose: bool = False
    goes_on: bool = False  # is the next part of what the one before is a part of


class Cutter:
    """Makes units of at most *room* tokens; parts of one text overlap by up to *overlap*."""

    def __init__(self, meter: Meter, room: int, overlap: int) -> None:
        self.meter, self.room, self.overlap = meter, room, min(overlap, room // 4)
        self._costs: dict[int, int] = {}
        self.gap = meter.cost("\n\n")

    def units(self, node: Node, *, tight: bool | None = None) -> Iterator[Unit]:
        """*node* in one piece where it fits, else its parts."""
        tight = node.tight if tight is None else tight
        if isinstance(node, Leaf):
            yield from self._leaf(node, tight)
        elif not node.divisible and (cost := self._cost(node)) <= self.room:
            yield Unit(node.render(), cost, tight, prose=False)
        else:
            for place, child in enumerate(node.children):
                yield from self.units(child, tight=tight if place == 0 else None)

    def _cost(self, node: Node) -> int:
        """Of all parts, and the lines between them; measured once."""
        if id(node) not in self._costs:
            if isinstance(node, Leaf):
                cost = self.meter.cost(node.render())
            else:
                cost = sum(self._cost(child) + self.gap for child in node.children)
            self._costs[id(node)] = cost
        return self._costs[id(node)]

    def _leaf(self, leaf: Leaf, tight: bool) -> Iterator[Unit]:
        if (cost := self._cost(leaf)) <= self.room:
            yield Unit(leaf.render(), cost, tight, prose=leaf.kind is Kind.PROSE)
            return
        for place, text in enumerate(self._parts(leaf)):
            cost = self.meter.cost(text)
            yield Unit(text, cost, tight and place == 0, leaf.kind is Kind.PROSE, place > 0)

    def _parts(self, leaf: Leaf) -> Iterator[str]:
        if leaf.kind is Kind.CODE:
            yield from self._code(leaf)
        elif leaf.kind is Kind.TABLE:
            yield from self._rows(leaf)
        else:
            yield from self.prose(leaf.text, self.room, self.overlap)

    def _code(self, code: Leaf) -> Iterator[str]:
        info, fence = code.head, fence_of(code.text)
        if self.meter.cost(f"{fence}{info}\n{fence}") > self.room // 2:
            # Repeating it would leave no place for code.
            yield from self.prose(info, self.room, 0)
            info = ""
        room = self.room - self.meter.cost(f"{fence}{info}\n{fence}") - 1
        for part in self._lines(code.text.split("\n"), max(1, room), self.overlap):
            yield fenced("\n".join(part).strip("\n"), info)

    def _rows(self, table: Leaf) -> Iterator[str]:
        head, lines = table.head, table.text.split("\n")
        if self.meter.cost(head) > self.room // 2:
            # Repeating it would leave no place for rows.
            head, lines = "", [*head.split("\n")[:1], *lines]
        room = self.room - self.meter.cost(f"{head}\n")
        for part in self._lines(lines, room, 0):
            yield "\n".join(filter(None, [head, *part]))

    def _lines(self, lines: Sequence[str], room: int, overlap: int) -> Iterator[list[str]]:
        """*lines* in parts; a cut goes to an empty line where there is one in the second half."""
        part: list[_Line] = []
        spent = 0
        for line in self._short(lines, room):
            cost = self.meter.cost(f"{line}\n")
            while part and spent + cost > room:
                cut = _empty_line(part)
                yield [text for text, _ in part[:cut]]
                again, rest = _tail(part[:cut], overlap), part[cut:]
                fits = _spent(again) + _spent(rest) + cost <= room
                part = [*again, *rest] if fits else rest
                spent = _spent(part)
            part.append((line, cost))
            spent += cost
        if part:
            yield [text for text, _ in part]

    def _short(self, lines: Sequence[str], room: int) -> Iterator[str]:
        for line in lines:
            if self.meter.cost(f"{line}\n") <= room:
                yield line
            else:
                yield from self.prose(line, max(1, room - 1), 0, trim=False)

    def prose(self, text: str, room: int, overlap: int, *, trim: bool = True) -> Iterator[str]:
        """*text* in parts of at most *room*, cut between sentences, else words, else letters."""
        splitter = TextSplitter.from_callback(self.meter.cost, room, overlap, trim)
        start, size = 0, max(room, 50) * WINDOW
        while start < len(text):
            window = text[start : start + size]
            parts = splitter.chunk_indices(window)
            start += len(window)
            if len(parts) > 1 and start < len(text):
                # The last may be cut short by the window: it begins the next one.
                start -= len(window) - parts.pop()[0]
            yield from (part for _, part in parts if not trim or says_something(part))


def _spent(part: Sequence[_Line]) -> int:
    return sum(cost for _, cost in part)


def _empty_line(part: Sequence[_Line]) -> int:
    """The place behind the last empty line of the second half, else the end."""
    for place in range(len(part) - 1, len(part) // 2 - 1, -1):
        if not part[place][0].strip():
            return place + 1
    return len(part)


def _tail(part: Sequence[_Line], room: int) -> list[_Line]:
    """As many of the last lines as cost at most *room* together, but not all."""
    place = len(part)
    while place > 1 and part[place - 1][1] <= room:
        place -= 1
        room -= part[place][1]
    return list(part[place:])


def last_words(text: str, meter: Meter, room: int) -> str:
    """The end of *text*, at most *room* tokens: from the beginning of a sentence, else a word."""
    text = text[-room * WINDOW :]
    found = _last(text.split(" "), " ", meter, room)
    # Scripts without spaces are cut between letters.
    return found if found or text.isascii() else _last(list(text), "", meter, room)


def _last(words: list[str], space: str, meter: Meter, room: int) -> str:
    first = len(words)
    while first > 1 and (cost := meter.cost(words[first - 1])) <= room:
        first -= 1
        room -= cost
    for place in range(first, len(words)):
        if words[place - 1].endswith(_SENTENCE_ENDS):
            return space.join(words[place:]).strip()
    return f"…{space}{space.join(words[first:])}".strip() if first < len(words) else ""
