"""What a reader sees of a block of HTML: its text by lines, its headings, code in `pre`."""

import html

from resources.rag.markdown.blocks import Block, Heading, Kind, Leaf
from resources.rag.markdown.tags import INLINE, Scanner, Tag

_CELLS = frozenset(("td", "th"))
_UNSEEN = frozenset(("script", "style", "template"))
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def shown(tag: Tag, source: str) -> str:
    """What stands in a line of text for *tag*; *source* is how it is written."""
    if tag.readable:
        return f" {' '.join(tag.readable)} "
    if tag.name == "br":
        return "\n"
    if tag.component and tag.bare and not source.endswith("/>") and source[1:2].islower():
        # No tag but a word: `vector<int>`, `<your-key>`. A reader should not lose it.
        return "" if tag.closing else source
    return "" if tag.name in INLINE or not tag.name else " "


def blocks_of(source: str, scanner: Scanner) -> list[Block]:
    """The text and the headings of a block of HTML."""
    return _Extraction(source, scanner).blocks()


class _Extraction:
    def __init__(self, source: str, scanner: Scanner) -> None:
        self.source, self.scanner = source, scanner
        self.found: list[Block] = []
        self.text: list[str] = []
        self.pre = False
        self.row_begun = False

    def blocks(self) -> list[Block]:
        place = 0
        while (start := self.source.find("<", place)) >= 0:
            self.text.append(html.unescape(self.source[place:start]))
            tag = self.scanner.tag(self.source, start)
            place = self._take(tag, start) if tag else start + 1
            if not tag:
                self.text.append("<")
        self.text.append(html.unescape(self.source[place:]))
        self._flush()
        return self.found

    def _take(self, tag: Tag, start: int) -> int:
        """Note what *tag* means; returns where to read on."""
        if tag.name in _UNSEEN and not tag.closing:
            end = self.source.lower().find(f"</{tag.name}", tag.end)
            return end if end >= 0 else len(self.source)
        if tag.name == "pre":
            self._flush()
            self.pre = not tag.closing
        elif tag.name in _HEADINGS and not self.pre:
            self._flush(_HEADINGS[tag.name] if tag.closing else 0)
        elif tag.name in _CELLS and not tag.closing:
            self.text.append(" | " if self.row_begun else "\n")
            self.row_begun = True
        elif tag.name == "tr":
            self.row_begun = False
            self.text.append("\n")
        elif tag.name == "li" and not tag.closing:
            self.text.append("\n- ")
        elif self.pre:
            self.text.append("\n" if tag.name == "br" else "")
        else:
            text = shown(tag, self.source[start : tag.end])
            # Inside a row, what a cell is made of must not begin a line of its own.
            breaks = text == " " and not self.row_begun
            self.text.append("\n" if breaks else text)
        return tag.end

    def _flush(self, heading: int = 0) -> None:
        text = "".join(self.text)
        self.text = []
        if self.pre:
            if text.strip():
                self.found.append(Leaf(Kind.CODE, text.strip("\n")))
            return
        lines = [" ".join(line.split()) for line in text.split("\n")]
        lines = [line for line in lines if line and line != "-"]
        if not lines:
            return
        if heading:
            self.found.append(Heading(heading, " ".join(lines)))
        else:
            self.found.append(Leaf(Kind.PROSE, "\n".join(lines)))
