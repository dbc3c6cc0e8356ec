"""How long a text is in a model's own tokens, without having the model.

Measured against the vocabulary of all-MiniLM-L6-v2 (BERT's WordPiece, lower case): of 2,600 real
chunks cut at an estimate of 200, none has more than 208 word pieces; those estimated above 150 have
129 on average in English, 140 with code, 163 in Korean, 164 in Japanese, 173 in Chinese. Made
texts of 200 come to at most 190 to 237 (Polish, Indonesian, base64, hexadecimal). The model reads
254 besides its two marks, so nothing is cut off; words of letters drawn at random alone break that
(about 400).
"""

import re
from collections.abc import Callable
from functools import lru_cache

Count = Callable[[str], int]

# A run of letters of scripts that are neither Latin nor Korean (each is a piece); a word; one sign.
# Spaces cost nothing. A word ends at 64 characters, so that a million of them are no one word.
_LATIN = "(?:[A-Za-z0-9]|(?![\\W_])[\\x80-\\u036f\\u1e00-\\u1eff\\uac00-\\ud7a3])"
_OTHER = "[^\\W_\\x00-\\u036f\\u1e00-\\u1eff\\uac00-\\ud7a3]"
_WORDS = re.compile(rf"({_OTHER}+)|({_LATIN}{{1,64}})|[^\w\s]|_")
_ASCII_WORDS = re.compile(r"[A-Za-z0-9]{1,64}|[^\w\s]|_")
# In sixtieths of a piece: with whole numbers, parts never cost less than the whole.
_PIECE = 60
_SHORT_WORD = 12  # letters; longer ones are rarely in the vocabulary as a whole
_LETTER, _LETTER_OF_LONG_WORD = 20, 24
_LETTER_OR_DIGIT = 45  # in words that have digits: hashes, keys, numbers
_ASCII_AMONG_OTHERS, _ACCENTED, _HANGUL = 30, 45, 132  # Korean syllables are read letter by letter


def estimate_tokens(text: str) -> int:
    """About how many word pieces *text* has, rather too many than too few.

    Chinese and Japanese count one a character, as do all other scripts that are not Latin.
    """
    if text.isascii():
        return -(-sum(map(_cost, _ASCII_WORDS.findall(text))) // _PIECE)
    cost = 0
    for letters, word in _WORDS.findall(text):
        cost += len(letters) * _PIECE if letters else _cost(word) if word else _PIECE
    return -(-cost // _PIECE)


@lru_cache(maxsize=50_000)
def _cost(word: str) -> int:
    length = len(word)
    if not word.isascii():
        return max(_PIECE, sum(map(_cost_of_letter, word)))
    if not word.isalpha():
        return max(_PIECE, length * _LETTER_OR_DIGIT)
    return max(_PIECE, length * (_LETTER if length <= _SHORT_WORD else _LETTER_OF_LONG_WORD))


def _cost_of_letter(letter: str) -> int:
    if letter < "\x80":
        return _ASCII_AMONG_OTHERS
    return _HANGUL if "\uac00" <= letter < "\ud7a4" else _ACCENTED


class Meter:
    """Costs of parts of a chunk, in tokens: what *count* adds to every text counts once only.

    A part that has letters costs at least one, so that no count can make a chunk endless.
    """

    def __init__(self, count: Count) -> None:
        self.count = count
        self._marks = count("")  # such as a model's marks for beginning and end

    def cost(self, text: str) -> int:
        return max(self.count(text) - self._marks, 1 if text.strip() else 0)
