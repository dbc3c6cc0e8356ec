"""The text of a paragraph as a reader sees it: no stars, no brackets, no addresses of links."""

import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from resources.rag.markdown.html_text import shown

# A paragraph with more of these is no writing, and parsing it takes more than linear time.
# Brackets left open, times the length of the paragraph, summed over the document.
MAX_VAIN_BRACKETS = 2_000_000
MAX_MARKS = 20_000
_BRACKETS = re.compile(r"[\[\]]")
_SPACES = re.compile(r"[ \t]+")
_AROUND_BREAK = re.compile(r" ?\n ?")


def text_of(md: MarkdownIt, source: str, env: Any, *, heading: bool = False) -> str:
    """*source*, the inside of a paragraph, heading or cell, as text; a hard break is a new line.

    In a *heading* that has words, pictures say nothing: they are badges.
    """
    marks = sum(1 for _ in md.inline.terminator_re.finditer(source))
    if marks == 0:
        return _SPACES.sub(" ", source).strip()
    vain = _unclosed(source) * len(source)
    env["vain"] = env.get("vain", 0) + vain
    if marks > MAX_MARKS or (vain and env["vain"] > MAX_VAIN_BRACKETS):
        return _tidy(source)
    tokens = md.inline.parse(source, md, env, [])
    if heading and (words := _tidy(_text([t for t in tokens if t.type != "image"]))):
        return words
    return _tidy(_text(tokens))


def _unclosed(source: str) -> int:
    """How many `[` stand open at once: markdown-it looks for the end of each."""
    if source.count("[") < 2:
        return 0
    depth = deepest = 0
    for bracket in _BRACKETS.findall(source):
        depth = depth + 1 if bracket == "[" else max(0, depth - 1)
        deepest = max(deepest, depth)
    return deepest


def _tidy(text: str) -> str:
    return _AROUND_BREAK.sub("\n", _SPACES.sub(" ", text)).strip()


def _text(tokens: Sequence[Token]) -> str:
    return "".join(map(_shown, tokens))


def _shown(token: Token) -> str:
    match token.type:
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "math_inline":
            return f"${token.content}$"
        case "math_inline_double":
            return f"$${token.content}$$"
        case "footnote_ref":
            return f"[^{token.meta['label']}]"
        case "html_inline":
            return shown(token.meta["tag"], token.content)
        case "image":
            return _text(token.children or []) or str(token.attrGet("title") or "")
    return token.content
