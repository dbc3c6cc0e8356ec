"""What a Markdown document is made of, once it is read: a flat row of headings and a tree of text.

Texts are as a reader sees them, except that code stays a fence, a table has its pipes, and lists
and quotes keep their marks: who gets a chunk to read should still see what is what.
"""

import re
from dataclasses import dataclass
from enum import Enum

# Signs that rules, fences and tables are drawn with; a text of nothing else says nothing.
_DRAWING = " \n\t-_*=|>#`~:+.\\"


class Kind(Enum):
    PROSE = "prose"
    CODE = "code"
    TABLE = "table"


@dataclass(frozen=True, eq=False)
class Heading:
    """Compared by identity: two sections may have the same name."""

    level: int  # 1 to 6
    text: str


@dataclass(frozen=True, eq=False)
class Leaf:
    """A paragraph, a block of code (without its fence), or a table (its rows, without the head)."""

    kind: Kind
    text: str
    head: str = ""  # the info string of code; the head rows of a table
    tight: bool = False  # stands directly below what comes before, with no empty line

    def render(self) -> str:
        if self.kind is Kind.CODE:
            return fenced(self.text, self.head)
        if self.kind is Kind.TABLE:
            return "\n".join(filter(None, [self.head, self.text]))
        return self.text


@dataclass(frozen=True, eq=False)
class Group:
    """A list, an item of one, a quote, a footnote: what should stay together."""

    children: tuple["Node", ...]
    tight: bool = False
    divisible: bool = False  # a list may end in one chunk and go on in the next; an item should not

    def render(self) -> str:
        return joined(self.children)


Node = Leaf | Group
Block = Heading | Leaf | Group


def joined(nodes: "tuple[Node, ...] | list[Node]") -> str:
    """The text of *nodes*, one below the other."""
    parts: list[str] = []
    for node in nodes:
        if parts:
            parts.append("\n" if node.tight else "\n\n")
        parts.append(node.render())
    return "".join(parts)


def fenced(code: str, info: str) -> str:
    """*code* between fences that are longer than any in it."""
    fence = fence_of(code)
    return f"{fence}{info}\n{code}\n{fence}"


def fence_of(code: str) -> str:
    # Who writes more than nine backticks in a row doesn't mean a fence.
    return "`" * min(10, max(3, 1 + longest_run(code, "`")))


def longest_run(text: str, sign: str) -> int:
    return max(map(len, re.findall(f"{re.escape(sign)}+", text)), default=0)


def says_something(text: str) -> bool:
    """Whether there is more than white space and rules."""
    return bool(text.strip().strip(_DRAWING))
