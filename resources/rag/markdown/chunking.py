"""A document's blocks as chunks for an embedding model.

A chunk never reaches over a heading: its path says exactly where it stands, and even a short
section, with its path in front, is found by what it is about. A heading without any text of its
own and below it is kept as a line of the chunk before it. Between chunks of one section the end
of the one before is repeated.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from resources.rag.markdown.blocks import Block, Heading, Kind, Leaf, Node, says_something
from resources.rag.markdown.reading import ReadDocument
from resources.rag.markdown.sizing import Count, Meter, estimate_tokens
from resources.rag.markdown.splitting import Cutter, Unit, last_words

# Which texts a document becomes; goes up with every change of what comes out.
CHUNKER = "markdown-1"
SEPARATOR = " › "
MAX_TOKENS = 200  # all-MiniLM-L6-v2 reads 256; see sizing.py for what an estimate is worth
OVERLAP = 25  # tokens: a sentence
LEAST_TOKENS = 32  # half for a path, a third of the rest for a fence, and a word should fit
# Characters of a heading in a path, the first of them that lets the path fit.
_HEADING_LENGTHS = (120, 60, 30, 15)


@dataclass(frozen=True)
class ChunkText:
    position: int
    headings: tuple[str, ...]
    content: str
    tokens: int  # of `text`
    content_hash: str  # SHA-256 of `text`, hexadecimal

    @property
    def text(self) -> str:
        """What is embedded: the path, an empty line, the content."""
        return _text(self.headings, self.content)


@dataclass
class _Section:
    path: tuple[Heading, ...]
    nodes: list[Node]


def chunks(
    document: ReadDocument,
    *,
    count: Count = estimate_tokens,
    max_tokens: int = MAX_TOKENS,
    overlap: int = OVERLAP,
) -> list[ChunkText]:
    """The chunks of *document*, each at most *max_tokens* long with its path, as *count* counts.

    Only what can't be cut, a single character, may be longer.
    """
    if max_tokens < LEAST_TOKENS or not 0 <= overlap < max_tokens:
        raise ValueError(f"max_tokens must be at least {LEAST_TOKENS}, overlap between 0 and it")
    meter = Meter(count)
    found: list[ChunkText] = []
    for headings, nodes in _shown(_sections(document.blocks), meter, max_tokens // 2):
        room = max_tokens - meter.cost(_text(headings, "")) if headings else max_tokens
        for content in _contents(nodes, Cutter(meter, room, overlap)):
            text = _text(headings, content)
            digest = hashlib.sha256(text.encode()).hexdigest()
            found.append(ChunkText(len(found), headings, content, count(text), digest))
    return found


def _text(headings: Sequence[str], content: str) -> str:
    return f"{SEPARATOR.join(headings)}\n\n{content}" if headings else content


def _sections(blocks: Sequence[Block]) -> list[_Section]:
    """The parts between headings that hold text."""
    sections = [_Section((), [])]
    for block in blocks:
        if isinstance(block, Heading):
            above = tuple(h for h in sections[-1].path if h.level < block.level)
            sections.append(_Section((*above, block), []))
        elif sections[-1].nodes or says_something(block.render()):
            # What says nothing, a table of empty cells, is no beginning of a section.
            sections[-1].nodes.append(block)
    return _without_empty(sections)


def _without_empty(sections: list[_Section]) -> list[_Section]:
    """The sections with text; a heading that none of them has in its path becomes a line."""
    filled: list[_Section] = []
    early: list[Node] = []
    in_paths = {heading for section in sections if section.nodes for heading in section.path}
    for section in sections:
        if section.nodes:
            filled.append(section)
        elif section.path and section.path[-1] not in in_paths:
            heading = section.path[-1]
            line = Leaf(Kind.PROSE, f"{'#' * heading.level} {heading.text}")
            (filled[-1].nodes if filled else early).append(line)
    if not filled:
        return [_Section((), early)] if early else []
    filled[0].nodes[:0] = early
    return filled


def _shown(
    sections: Sequence[_Section], meter: Meter, room: int
) -> Iterator[tuple[tuple[str, ...], list[Node]]]:
    """Path and nodes of each section; a heading that the path cuts short stands in full once."""
    in_full: set[int] = set()
    for section in sections:
        path = _path(section.path, meter, room)
        nodes = list(section.nodes)
        for heading, text in reversed(list(zip(section.path, path, strict=False))):
            if text != heading.text and id(heading) not in in_full:
                nodes.insert(0, Leaf(Kind.PROSE, heading.text))
            in_full.add(id(heading))
        yield tuple(filter(None, path)), nodes


def _path(path: tuple[Heading, ...], meter: Meter, room: int) -> list[str]:
    """The texts of *path*, as short as *room* tokens want it; "" for a heading left out."""
    for length in _HEADING_LENGTHS:
        texts = [_short(heading.text, length) for heading in path]
        if meter.cost(SEPARATOR.join(texts)) <= room:
            return texts
    for left_out in range(1, len(texts) + 1):
        texts[left_out - 1] = ""
        if meter.cost(SEPARATOR.join(filter(None, texts))) <= room:
            break
    return texts


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _contents(nodes: Sequence[Node], cutter: Cutter) -> Iterator[str]:
    """The texts of a section's chunks: as many units in each as fit."""
    taken: list[Unit] = []
    spent = 0
    for unit in (unit for node in nodes for unit in cutter.units(node)):
        if taken and spent + cutter.gap + unit.cost > cutter.room:
            yield from _fitting(taken, cutter)
            again = _overlap(taken[-1], unit, cutter)
            taken, spent = ([again], again.cost) if again else ([], 0)
        spent += unit.cost + (cutter.gap if taken else 0)
        taken.append(unit)
    yield from _fitting(taken, cutter)


def _overlap(last: Unit, following: Unit, cutter: Cutter) -> Unit | None:
    """What of *last* is said again before *following*: all of it, or its last words."""
    if following.goes_on or not cutter.overlap:
        return None
    again: Unit | None = None
    if last.cost <= cutter.overlap:
        again = last
    elif last.prose and (words := last_words(last.text, cutter.meter, cutter.overlap - 1)):
        again = Unit(words, cutter.meter.cost(words), prose=True)
    fits = again and again.cost + cutter.gap + following.cost <= cutter.room
    return again if fits else None


def _fitting(units: list[Unit], cutter: Cutter) -> Iterator[str]:
    """The text of *units*; of halves of them, should the whole cost more than its parts."""
    text = units[0].text if units else ""
    for unit in units[1:]:
        text += ("\n" if unit.tight else "\n\n") + unit.text
    if len(units) > 1 and cutter.meter.cost(text) > cutter.room:
        yield from _fitting(units[: len(units) // 2], cutter)
        yield from _fitting(units[len(units) // 2 :], cutter)
    elif says_something(text):
        yield text
