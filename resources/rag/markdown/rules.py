"""What we add to markdown-it's grammar: tags as a reader sees them, MDX, a floor to nesting."""

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from resources.rag.markdown.tags import MAX_LENGTH, Scanner, closing_brace

# Quotes and lists inside each other; markdown-it leaves out what is deeper than its own limit.
MAX_NESTING = 40
_RAW = ("script", "style")  # what they hold is no text
_IMPORTS = ("import {", "import *", 'import "', "import '", "import type ")
_EXPORTS = tuple(
    f"export {word}"
    for word in [
        "default",
        "const ",
        "let ",
        "var ",
        "function ",
        "async ",
        "class ",
        "type ",
        "interface ",
        "{",
        "*",
    ]
)


def scanner_of(env: object) -> Scanner:
    assert isinstance(env, dict)
    scanner = env.setdefault("scanner", Scanner())
    assert isinstance(scanner, Scanner)
    return scanner


def add_rules(md: MarkdownIt, *, mdx: bool) -> None:
    md.block.ruler.before("table", "too_deep", _too_deep)
    md.inline.ruler.at("html_inline", _tag)
    if not mdx:
        return
    # MDX has neither; indentation means nothing in it.
    md.disable(["code", "html_block"])
    md.block.ruler.before("table", "mdx_module", _module)
    ends = ["paragraph", "reference", "blockquote", "list"]
    md.block.ruler.before("fence", "mdx_tags", _tags, {"alt": ends})
    md.inline.ruler.before("html_inline", "mdx_expression", _expression)


def _too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """All that is nested too deeply is one text, its marks included."""
    if state.level < MAX_NESTING:
        return False
    token = state.push("too_deep", "", 0)
    token.content = state.getLines(start, end, state.blkIndent, False)
    state.line = end
    return True


def _tag(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "<":
        return False
    tag = scanner_of(state.env).tag(state.src, state.pos, state.posMax)
    if tag is None:
        return False
    if not silent:
        token = state.push("html_inline", "", 0)
        token.content = state.src[state.pos : tag.end]
        token.meta = {"tag": tag}
    state.pos = tag.end
    return True


def _module(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`import` and `export` of MDX: until an empty line outside of braces."""
    if state.level or state.tShift[start] or not _opens_module(_line(state, start)):
        return False
    depth, line = 0, start
    while line < end:
        text = _line(state, line)
        if not text.strip() and depth <= 0:
            break
        depth += sum(text.count(sign) for sign in "{([") - sum(text.count(sign) for sign in "})]")
        line += 1
    if depth > 0:  # no module after all, or one that is broken: no more than its paragraph
        line = start
        while line < end and not state.isEmpty(line):
            line += 1
    state.line = line
    return True


def _opens_module(line: str) -> bool:
    if line.startswith(_IMPORTS) or line.startswith(_EXPORTS):
        return True
    return line.startswith("import ") and (" from '" in line or ' from "' in line)


def _tags(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Lines of tags and comments alone; what stands between such lines is Markdown."""
    first = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith(("<", "{/*"), first):
        return False
    # A quote's lines have marks in front, which are no part of a tag.
    line = start if state.parentType == "blockquote" else end - 1
    tags: list[str] = []
    place = _behind_tags(state, first, state.eMarks[line], tags)
    if place <= first:
        return False
    line = start
    while line < end and state.eMarks[line] < place:
        line += 1
    if state.src[place : state.eMarks[line]].strip():
        return False
    if not silent:
        token = state.push("html_block", "", 0)
        token.content = "".join(tags)
        token.map = [start, line + 1]
        state.line = line + 1
        _outdent(state, line + 1, end)
    return True


def _outdent(state: StateBlock, start: int, end: int) -> None:
    """Take from what stands inside a tag the indentation that its first line has.

    CommonMark never ends a paragraph, nor a list item, at a line indented by four spaces.
    """
    start = state.skipEmptyLines(start)
    indent = state.sCount[start] - state.blkIndent if start < end else 0
    if indent <= 0:
        return
    for line in range(start, end):
        if state.isEmpty(line):
            continue
        begin = state.bMarks[line]
        tabs = state.src[begin : begin + indent].strip(" ")
        if tabs or state.sCount[line] - state.blkIndent < indent:
            return
        state.bMarks[line] += indent
        state.tShift[line] -= indent
        state.sCount[line] -= indent


def _behind_tags(state: StateBlock, place: int, limit: int, tags: list[str]) -> int:
    """The place behind the tags and comments that begin at *place* and follow in its line.

    The tags, as they are written, are added to *tags*.
    """
    source, scanner = state.src, scanner_of(state.env)
    while place < limit:
        if source.startswith("{/*", place):
            end = source.find("*/}", place, min(limit, place + MAX_LENGTH))
            if end < 0:
                scanner.budget -= MAX_LENGTH
                return place
            place = end + 3
        elif source[place] == "<":
            tag = scanner.tag(source, place, limit)
            if tag is None:
                return place
            tags.append(source[place : tag.end])
            place = tag.end
            if tag.name in _RAW and not tag.closing and source[place - 2] != "/":
                close = source.find(f"</{tag.name}>", place, limit)
                place = close if close >= 0 else place
        elif source[place] in " \t":
            place += 1
        else:
            return place
    return place


def _expression(state: StateInline, silent: bool) -> bool:
    """`{/* a comment */}` and `{" "}`; any other expression stays as it is written."""
    if state.src[state.pos] != "{":
        return False
    scanner = scanner_of(state.env)
    limit = min(state.posMax, state.pos + MAX_LENGTH)
    end = closing_brace(state.src, state.pos, limit) if scanner.budget > 0 else -1
    if end < 0:
        scanner.budget -= limit - state.pos
        return False
    inner = state.src[state.pos + 1 : end - 1].strip()
    if inner[:2] == "/*" and inner[-2:] == "*/":
        text = ""
    elif len(inner) >= 2 and inner[0] == inner[-1] and inner[0] in "\"'`":
        text = inner[1:-1]
    else:
        scanner.budget -= end - state.pos
        return False
    if not silent:
        state.push("text", "", 0).content = text
    state.pos = end
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] : state.eMarks[line]]
