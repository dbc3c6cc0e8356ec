"""Reading one HTML or JSX tag at a place in a text, in a time that its length bounds.

A scanner by hand: JSX puts whole expressions into attributes (`tabs={['a', 'b']}`), which neither
`html.parser` nor CommonMark's rules take for a tag, and both need quadratic time somewhere.
"""

import html
from dataclasses import dataclass, field

MAX_LENGTH = 5_000  # characters of a tag
# Characters that may be looked at in vain for all of a document; then `<` is a plain sign.
BUDGET = 4_000_000
# Attributes that a reader sees, or hears.
READABLE = frozenset(
    [
        "alt",
        "aria-label",
        "caption",
        "description",
        "heading",
        "items",
        "label",
        "placeholder",
        "summary",
        "tabs",
        "title",
    ]
)
INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
KNOWN = INLINE | frozenset(
    [
        "address",
        "area",
        "article",
        "aside",
        "audio",
        "base",
        "blockquote",
        "body",
        "br",
        "button",
        "canvas",
        "caption",
        "center",
        "col",
        "colgroup",
        "datalist",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "embed",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "frame",
        "frameset",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hr",
        "html",
        "iframe",
        "img",
        "input",
        "legend",
        "li",
        "link",
        "main",
        "map",
        "math",
        "menu",
        "meta",
        "meter",
        "nav",
        "noframes",
        "noscript",
        "object",
        "ol",
        "optgroup",
        "option",
        "output",
        "p",
        "param",
        "picture",
        "pre",
        "progress",
        "rp",
        "rt",
        "ruby",
        "script",
        "search",
        "section",
        "select",
        "slot",
        "source",
        "style",
        "summary",
        "svg",
        "table",
        "tbody",
        "td",
        "template",
        "textarea",
        "tfoot",
        "th",
        "thead",
        "title",
        "tr",
        "track",
        "ul",
        "video",
    ]
)
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:@")
_SPACE = " \t\n\r\f"


@dataclass(frozen=True)
class Tag:
    end: int  # the place behind it
    name: str = ""  # lower case; "" for comments, declarations and JSX fragments
    closing: bool = False
    component: bool = False  # a name that HTML doesn't know
    bare: bool = False  # has no attributes
    readable: tuple[str, ...] = ()  # values of attributes that a reader sees


@dataclass
class Scanner:
    """Finds tags in *text*; one for a document, since it keeps the account of vain looking."""

    budget: int = BUDGET
    _no_more: dict[str, int] = field(default_factory=dict)

    def tag(self, text: str, start: int, limit: int = -1) -> Tag | None:
        """The tag that begins with the `<` at *start* and ends before *limit*, if it is one."""
        if self.budget <= 0:
            return None
        limit = len(text) if limit < 0 else limit
        if text.startswith(("<!", "<?"), start):
            return self._special(text, start, limit)
        reader = _Reader(text, start + 1, min(limit, start + MAX_LENGTH))
        tag = reader.read()
        if tag is None:
            self.budget -= reader.place - start
        return tag

    def _special(self, text: str, start: int, limit: int) -> Tag | None:
        for opening, closing in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")):
            if text.startswith(opening, start):
                if opening == "<!" and not text[start + 2 : start + 3].isalpha():
                    return None
                end = text.find(closing, start + len(opening), limit)
                if end < 0:
                    self.budget -= limit - start
                return Tag(end + len(closing)) if end >= 0 else None
        return None


class _Reader:
    def __init__(self, text: str, place: int, limit: int) -> None:
        self.text, self.place, self.limit = text, place, limit

    def _next(self) -> str:
        return self.text[self.place] if self.place < self.limit else ""

    def _skip_space(self) -> bool:
        start = self.place
        while self._next() and self._next() in _SPACE:
            self.place += 1
        return self.place > start

    def _word(self) -> str:
        start = self.place
        while self._next() in _NAME and self._next():
            self.place += 1
        return self.text[start : self.place]

    def read(self) -> Tag | None:
        closing = self._next() == "/"
        self.place += closing
        name = self._word()
        if name and not name[0].isalpha():
            return None
        if not name:
            return Tag(self.place + 1, closing=closing) if self._next() == ">" else None
        attributes = self._attributes()
        if attributes is None:
            return None
        readable = [value for key, value in attributes if key in READABLE]
        lower = name.lower()
        component = lower not in KNOWN or (lower != name and not name.isupper())
        return Tag(
            self.place, lower, closing, component, not attributes, tuple(filter(None, readable))
        )

    def _attributes(self) -> list[tuple[str, str]] | None:
        """What stands between the name and the `>`, with which it ends."""
        found: list[tuple[str, str]] = []
        while True:
            spaced = self._skip_space()
            sign = self._next()
            if sign == ">":
                self.place += 1
                return found
            if sign == "/" and self.text[self.place + 1 : self.place + 2] == ">":
                self.place += 2
                return found
            if sign == "{" and (expression := self._braces()) is not None:  # {...props}
                found.append(("", expression))
                continue
            name = self._word() if spaced else ""
            value = self._value() if name else None
            if value is None:
                return None
            found.append((name.lower(), value))

    def _value(self) -> str | None:
        before = self.place
        self._skip_space()
        if self._next() != "=":
            self.place = before
            return ""
        self.place += 1
        self._skip_space()
        sign = self._next()
        if sign in ("'", '"'):
            end = self.text.find(sign, self.place + 1, self.limit)
            if end < 0:
                self.place = self.limit
                return None
            value = self.text[self.place + 1 : end]
            self.place = end + 1
            return html.unescape(value)
        if sign == "{":
            expression = self._braces()
            return None if expression is None else ", ".join(strings(expression))
        start = self.place
        while self._next() and self._next() not in _SPACE + "\"'=<>`":
            self.place += 1
        return self.text[start : self.place] or None

    def _braces(self) -> str | None:
        end = closing_brace(self.text, self.place, self.limit)
        start, self.place = self.place, self.limit if end < 0 else end
        return None if end < 0 else self.text[start + 1 : end - 1]


def closing_brace(text: str, start: int, limit: int) -> int:
    """The place behind the `}` that closes the `{` at *start*, or -1; strings are passed over."""
    depth, place = 0, start
    while place < limit:
        sign = text[place]
        if sign in "\"'`":
            end = text.find(sign, place + 1, limit)
            # An apostrophe in text between tags opens no string.
            place = end if end >= 0 and (sign == "`" or "\n" not in text[place:end]) else place
        depth += (sign == "{") - (sign == "}")
        place += 1
        if depth == 0:
            return place
    return -1


def strings(expression: str) -> list[str]:
    """The string literals of a JavaScript expression: the labels in `{['npm', 'yarn']}`."""
    found, place = [], 0
    while place < len(expression):
        sign = expression[place]
        end = expression.find(sign, place + 1) if sign in "\"'`" else -1
        if end >= 0:
            found.append(expression[place + 1 : end])
            place = end
        place += 1
    return [text for text in found if text.strip()]
