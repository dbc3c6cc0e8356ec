"""Markdown to blocks: markdown-it-py finds them, here they become texts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block.table import escapedSplit
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from resources.rag.markdown import html_text
from resources.rag.markdown.blocks import Block, Group, Heading, Kind, Leaf, Node, says_something
from resources.rag.markdown.inline import text_of
from resources.rag.markdown.rules import add_rules, scanner_of

MAX_INFO = 100  # characters of a fence's info string; it is repeated on every part of the code


@dataclass
class Parsed:
    blocks: list[Block]
    warnings: list[str] = field(default_factory=list)


def parse(text: str, *, mdx: bool = False, first_line: int = 1) -> Parsed:
    """The blocks of the Markdown *text*, which begins in line *first_line* of its file."""
    md = _parser(mdx)
    env: dict[str, object] = {}
    tokens = md.parse(text, env)
    lines = text.split("\n")
    parsed = Parsed(_Builder(md, tokens, lines, env).top())
    parsed.warnings.extend(
        f"line {first_line + start}: the code fence is never closed"
        for start in _unclosed_fences(tokens, lines)
    )
    return parsed


@cache
def _parser(mdx: bool) -> MarkdownIt:
    # The limit is never met by blocks, see rules.MAX_NESTING; inline it bounds the recursion.
    md = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
    footnote_plugin(md, inline=False, move_to_end=False, always_match_refs=True)
    dollarmath_plugin(md, allow_space=False, allow_digits=False, double_inline=True)
    add_rules(md, mdx=mdx)
    # The builder asks for the text of each paragraph when it needs it, and most need no parsing.
    return md.disable(["inline", "text_join"])


def _unclosed_fences(tokens: Iterable[Token], lines: list[str]) -> list[int]:
    found: list[int] = []
    for token in tokens:
        if token.type == "fence" and token.map:
            start, end = token.map
            closed = lines[end - 1].strip(" \t>").startswith(token.markup)
            if end - start < 2 or not closed:
                found.append(start)
    return found


@dataclass
class _Margin:
    """What stands before the first line of a list item or quote, and before the others."""

    first: str = ""
    rest: str = ""

    def inside(self, mark: str, rest: str) -> "_Margin":
        inner = _Margin(self.first + mark, self.rest + rest)
        self.first = self.rest
        return inner

    def take(self, text: str) -> str:
        lines = text.split("\n")
        taken = [self.first + lines[0], *(self.rest + line for line in lines[1:])]
        self.first = self.rest
        return "\n".join(taken)

    def number(self) -> str:
        """The number of an item that begins with something else than text."""
        mark = self.first.strip(" >-+*")
        self.first = self.rest
        return mark


class _Builder:
    def __init__(
        self, md: MarkdownIt, tokens: list[Token], lines: list[str], env: dict[str, object]
    ) -> None:
        self._md, self._tokens, self._lines, self._env = md, tokens, lines, env
        self._next = 0

    def top(self) -> list[Block]:
        found: list[Block] = []
        while self._next < len(self._tokens):
            token = self._take()
            if token.type == "heading_open":
                text = self._inline(heading=True).replace("\n", " ")
                if says_something(text):
                    found.append(Heading(int(token.tag[1]), text))
            elif token.type == "html_block":
                found.extend(html_text.blocks_of(token.content, scanner_of(self._env)))
            else:
                found.extend(self._nodes(token, _Margin(), tight=False))
        return found

    def _take(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _inline(self, *, heading: bool = False) -> str:
        """The text of the paragraph, heading or cell that was just opened, and past its end."""
        source = self._tokens[self._next].content
        text = text_of(self._md, source, self._env, heading=heading)
        self._next += 2
        return text

    def _nodes(self, token: Token, margin: _Margin, *, tight: bool) -> list[Node]:
        match token.type:
            case "paragraph_open" | "heading_open":
                return self._prose(self._inline(), margin, tight)
            case "bullet_list_open" | "ordered_list_open":
                items = self._until(token, margin, tight=tight)
                return [Group(tuple(items), tight, divisible=True)] if items else []
            case "list_item_open":
                mark = f"{token.info}{token.markup} " if token.info else "- "
                inner = margin.inside(mark, " " * len(mark))
                return self._group(token, inner, tight=self._is_tight())
            case "blockquote_open":
                return self._group(token, margin.inside("> ", "> "), tight=False)
            case "footnote_reference_open":
                return self._group(token, margin.inside(f"[^{token.meta['label']}]: ", "  "))
            case "table_open":
                return [*self._number(margin, tight), *self._table(tight)]
            case "fence" | "code_block":
                return [*self._number(margin, tight), *_code(token, tight)]
            case "math_block" | "math_block_label":
                return self._prose(f"$$\n{token.content.strip()}\n$$", margin, tight)
            case "html_block":
                return self._html(token, margin, tight)
            case "too_deep":
                return self._prose(token.content.strip(), margin, tight)
        return []  # a rule, or the end of something that held nothing

    def _is_tight(self) -> bool:
        token = self._tokens[self._next]
        return token.type != "paragraph_open" or token.hidden

    def _until(self, opening: Token, margin: _Margin, *, tight: bool) -> list[Node]:
        """What stands inside *opening*."""
        closing = opening.type.replace("_open", "_close")
        found: list[Node] = []
        while (token := self._take()).type != closing or token.level != opening.level:
            found.extend(self._nodes(token, margin, tight=tight))
        return found

    def _group(self, opening: Token, margin: _Margin, *, tight: bool = False) -> list[Node]:
        children = self._until(opening, margin, tight=tight)
        return [Group(tuple(children), tight)] if children else []

    def _prose(self, text: str, margin: _Margin, tight: bool) -> list[Node]:
        if not says_something(text):
            return []
        return [Leaf(Kind.PROSE, margin.take(text), tight=tight)]

    def _number(self, margin: _Margin, tight: bool) -> list[Node]:
        """Code and tables stand at the left edge also in a list: their spaces are their own."""
        number = margin.number()
        return [Leaf(Kind.PROSE, number, tight=tight)] if number else []

    def _html(self, token: Token, margin: _Margin, tight: bool) -> list[Node]:
        found: list[Node] = []
        for block in html_text.blocks_of(token.content, scanner_of(self._env)):
            if isinstance(block, Leaf) and block.kind is Kind.CODE:
                found.append(block)
            else:
                found.extend(self._prose(block.text, margin, tight))  # type: ignore[union-attr]
        return found

    def _table(self, tight: bool) -> list[Node]:
        rows: list[list[str]] = []
        row = self._tokens[self._next]
        while (token := self._take()).type != "table_close":
            if token.type == "tr_open":
                rows.append([])
                row = token
            elif token.type == "tr_close":
                rows[-1].extend(self._surplus(row, len(rows[0])))
            elif token.type in ("th_open", "td_open"):
                rows[-1].append(self._inline().replace("\n", " "))
        head, *body = ["| " + " | ".join(row) + " |" for row in rows]
        rule = "|" + "-|" * len(rows[0])
        return [Leaf(Kind.TABLE, "\n".join(body), f"{head}\n{rule}", tight)]

    def _surplus(self, row: Token, columns: int) -> list[str]:
        """Cells beyond the last column, which browsers are not shown: somebody wrote them."""
        line = self._lines[row.map[0]].strip() if row.map else ""
        inner = line.removeprefix("|").removesuffix("|")
        if inner.count("|") < columns:
            return []
        cells = escapedSplit(inner)
        return list(filter(None, map(str.strip, cells[columns:])))


def _code(token: Token, tight: bool) -> list[Node]:
    code, info = token.content.removesuffix("\n"), token.info.strip()
    found: list[Node] = []
    if len(info) > MAX_INFO:
        found.append(Leaf(Kind.PROSE, info, tight=tight))
        info = ""
    if code.strip():
        found.append(Leaf(Kind.CODE, code, info, tight))
    elif says_something(info):
        found.append(Leaf(Kind.PROSE, info, tight=tight))
    return found
