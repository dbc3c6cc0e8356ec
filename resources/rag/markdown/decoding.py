"""From the bytes of a file to its text: encodings, line ends, mojibake.

Nobody says in which encoding a Markdown file is. Byte order marks are believed; then UTF-16 where
every other byte is zero; then UTF-8; and a byte that is no UTF-8 is one of windows-1252, alone, so
that a file which mixes the two is read right in both.
"""

import codecs
import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import ftfy
from ftfy import fixes

BINARY_SHARE = 0.03  # control characters among the characters of what is no text
SAMPLE = 65_536  # bytes that are looked at to tell text from other things
_TEXT_CONTROLS = frozenset("\t\n\r\f\x1b\x00")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


_NO_C1 = dict.fromkeys(range(0x80, 0xA0))
# Signs that are neither ASCII nor letters, as accents are; no script puts more than 30 on a letter.
_HEAP = re.compile(r"[^\w\s\x00-\u02ff]{64}")


class NotText(Exception):
    """The bytes are no text in any encoding."""


@dataclass
class Decoded:
    text: str
    encoding: str
    warnings: list[str] = field(default_factory=list)


def decode(data: bytes) -> Decoded:
    """The text of *data*: lines end in `\\n`, nothing in it that PostgreSQL can't store, NFC.

    Raises `NotText`.
    """
    decoded = _decoded(data)
    text = fixes.fix_line_breaks(fixes.fix_surrogates(decoded.text))
    if "\x00" in text:
        decoded.warnings.append(f"{text.count(chr(0))} NUL characters were left out")
    text = fixes.remove_control_chars(fixes.remove_terminal_escapes(text)).replace("\x00", "")
    # Control characters of the second set go after the repair: mojibake is made of them.
    text = _repaired(text.removeprefix("\ufeff"), decoded.warnings).translate(_NO_C1)
    # Looked for in the form in which people type it; some editors store é as e and an accent.
    decoded.text = _composed(text)
    return decoded


def _composed(text: str) -> str:
    """*text* in NFC, except lines with heaps of accents: ordering those takes quadratic time."""
    if text.isascii() or not _HEAP.search(text):
        return unicodedata.normalize("NFC", text)
    return "\n".join(
        line if _HEAP.search(line) else unicodedata.normalize("NFC", line)
        for line in text.split("\n")
    )


def _decoded(data: bytes) -> Decoded:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            if encoding == "utf-8":
                return _utf_8(data[len(mark) :])
            return _wide(data[len(mark) :], encoding)
    if encoding := _utf_16_without_mark(data):
        return _wide(data, encoding)
    return _utf_8(data)


def _wide(data: bytes, encoding: str) -> Decoded:
    return _checked(Decoded(data.decode(encoding, "replace"), encoding))


def _utf_16_without_mark(data: bytes) -> str:
    """The encoding when zero bytes stand on one side of the pairs only, else "".

    Valid UTF-8 with a stray NUL is not taken for it: there must be many, or no UTF-8.
    """
    sample = data[:SAMPLE]
    if len(data) % 2 or len(data) < 4 or b"\x00" not in sample:
        return ""
    high, low = sample[1::2].count(0), sample[::2].count(0)  # of little endian
    few, many = sorted((high, low))
    enough = len(sample) // 10 if _is_utf_8(data) else 1
    if many < enough or few > many // 20:
        return ""
    encoding = "utf-16-le" if high > low else "utf-16-be"
    text = sample.decode(encoding, "replace")
    odd = sum(unicodedata.category(c) in ("Cn", "Co", "Cc") and c not in "\t\n\r\f" for c in text)
    return encoding if odd <= len(text) * BINARY_SHARE else ""


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _utf_8(data: bytes) -> Decoded:
    strays: list[int] = []
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = _with_strays(data, strays)
    decoded = _checked(Decoded(text, "utf-8"))
    if strays:
        high = len(data) - len(data.translate(None, bytes(range(128, 256))))
        if high == len(strays):
            decoded.encoding = "windows-1252"
            decoded.warnings.append("is no UTF-8; read as windows-1252, which is a guess")
        else:
            decoded.warnings.append(
                f"{len(strays)} bytes that are no UTF-8 were read as windows-1252"
            )
    return decoded


def _with_strays(data: bytes, strays: list[int]) -> str:
    """*data* as UTF-8; the places of bytes that are none are added to *strays*."""
    parts: list[str] = []
    decoder: Callable[[bytes, str, bool], tuple[str, int]] = codecs.utf_8_decode
    start = 0
    for line in data.splitlines(keepends=True):
        try:
            parts.append(decoder(line, "strict", True)[0])
        except UnicodeDecodeError:
            parts.append(_line_with_strays(line, start, strays))
        start += len(line)
    return "".join(parts)


def _line_with_strays(line: bytes, offset: int, strays: list[int]) -> str:
    """Bytes that are no UTF-8 come out of `surrogateescape` as U+DC80 to U+DCFF, one each."""
    with suppress(UnicodeDecodeError):
        return line.decode("utf-8", "surrogatepass")  # halves of characters, put right later
    characters = list(line.decode("utf-8", "surrogateescape"))
    for place, character in enumerate(characters):
        if "\udc80" <= character <= "\udcff":
            byte = bytes([ord(character) - 0xDC00])
            strays.append(offset)
            characters[place] = byte.decode("windows-1252", "replace")
            if characters[place] == "\ufffd":
                characters[place] = byte.decode("latin-1")
    return "".join(characters)


def _checked(decoded: Decoded) -> Decoded:
    """Raises `NotText` where too much of the beginning are control characters."""
    sample = decoded.text[:SAMPLE]
    odd = sum(c < " " and c not in _TEXT_CONTROLS for c in sample)
    nuls = sample.count("\x00")
    if odd > len(sample) * BINARY_SHARE or nuls > len(sample) * 0.1:
        raise NotText
    return decoded


def _repaired(text: str, warnings: list[str]) -> str:
    """*text* with lines like `Roomâ€™s` put right, each by itself; says how many."""
    if text.isascii():
        return text
    lines = text.split("\n")
    repaired = 0
    for number, line in enumerate(lines):
        if not line.isascii():
            better = ftfy.fix_encoding(line)
            if better != line:
                lines[number] = better.replace("\n", " ")
                repaired += 1
    if repaired:
        warnings.append(f"{repaired} lines were in a wrong encoding (mojibake) and are repaired")
    return "\n".join(lines)
