"""Python code made into a syntax tree, one at a time.

CPython before 3.11.8 (Debian 12 has 3.11.2) counts the depth of the tree it builds once for all
threads. Two that parse while a finaliser lets them take turns make it raise `SystemError` ("AST
constructor recursion depth mismatch") for code in which nothing is wrong
(https://github.com/python/cpython/issues/106905). Workers and web processes have threads, so all
parsing goes through here.
"""

import ast
from threading import RLock
from typing import Any

# Re-entrant, since a finaliser may run in the middle of parsing, and in the same thread.
_ONE_AT_A_TIME = RLock()


def module(code: str, filename: str = "<code>") -> ast.Module:
    """Raises `SyntaxError`, `ValueError`, `RecursionError` and `MemoryError`, as `ast.parse`."""
    with _ONE_AT_A_TIME:
        return ast.parse(code, filename)


def expression(code: str) -> ast.expr:
    """Raises as `module` does."""
    with _ONE_AT_A_TIME:
        return ast.parse(code, mode="eval").body


def literal(code: str) -> Any:
    """What *code* stands for; raises also `ValueError` if that is no literal."""
    return ast.literal_eval(expression(code.lstrip(" \t")))
