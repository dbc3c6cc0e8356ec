"""What can be said of code without running it.

Code from strangers is only parsed. CPython bounds its depth by exceptions (parser and AST builder),
which count as a syntax error here; the length is bounded by `Limits.code_chars`.
"""

import ast
import builtins
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from exercises.sandbox.results import Fault, FaultKind
from exercises.syntax import module

BUILTINS = frozenset(dir(builtins))
# What reads all of an iterable at once, so that a lazy one and a list are the same to it.
READERS = frozenset(
    [
        *("all", "any", "dict", "enumerate", "filter", "frozenset", "list", "map", "max", "min"),
        *("reversed", "set", "sorted", "sum", "tuple", "zip", "join", "extend", "update"),
        *("Counter", "deque", "OrderedDict", "fromkeys", "chain", "product", "permutations"),
        *("combinations", "accumulate", "reduce", "fsum", "prod", "union", "intersection"),
    ]
)
LAZY = frozenset({"enumerate", "filter", "map", "reversed", "zip"})
SPECIAL = frozenset({"__init__", "__repr__", "__str__", "__call__", "__getitem__"})


@dataclass(frozen=True)
class Source:
    """Code that was parsed."""

    code: str
    tree: ast.Module

    def line(self, number: int | None) -> str:
        lines = self.code.splitlines()
        return lines[number - 1].strip() if number and 0 < number <= len(lines) else ""


def parse(code: str, limit: int, filename: str = "answer.py") -> Source | Fault:
    if len(code) > limit:
        message = f"the code has {len(code)} characters, {limit} are the limit"
        return Fault(FaultKind.TOO_LARGE, message=message)
    try:
        code.encode()
        return Source(code, module(code, filename))
    except SyntaxError as error:
        at = error.lineno
        source = (error.text or "").strip()
        return Fault(FaultKind.SYNTAX, type(error).__name__, error.msg, at, source)
    except UnicodeEncodeError:
        return Fault(FaultKind.SYNTAX, "SyntaxError", "half of a character (a lone surrogate)")
    except (ValueError, RecursionError, MemoryError):
        return Fault(FaultKind.SYNTAX, "SyntaxError", "the code is nested too deeply")


def bound(source: Source) -> dict[str, ast.stmt]:
    """Names that the module's top level binds, conditional branches included."""
    found: dict[str, ast.stmt] = {}
    waiting = list(reversed(source.tree.body))
    while waiting:
        node = waiting.pop()
        for name in _binds(node):
            found[name] = node
        if isinstance(node, (ast.If, ast.Try, ast.For, ast.While, ast.With)):
            inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            waiting += reversed(inner)
    return found


def _binds(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))


def functions(source: Source) -> list[str]:
    """The functions of the top level, for whoever looks for one that isn't there."""
    return [node.name for node in source.tree.body if isinstance(node, ast.FunctionDef)]


def used(source: Source) -> set[str]:
    """Names that are read anywhere and bound nowhere in it."""
    names = [node for node in ast.walk(source.tree) if isinstance(node, ast.Name)]
    read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    own = {node.id for node in names if not isinstance(node.ctx, ast.Load)} | set(bound(source))
    for node in ast.walk(source.tree):
        if isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            own.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            own.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
    return read - own


def modules_used(source: Source) -> set[str]:
    """Modules of the standard library that are used (`math.…`) without being imported."""
    of = {node.value.id for node in ast.walk(source.tree)
          if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}  # fmt: skip
    return of & used(source) & sys.stdlib_module_names


def plain_imports(source: Source, wanted: set[str]) -> list[str]:
    """Import statements that bind *wanted* names: of the standard library, and not renamed."""
    statements = []
    for name, node in bound(source).items():
        if name not in wanted:
            continue
        if isinstance(node, ast.Import) and name in sys.stdlib_module_names:
            if any(alias.asname is None and alias.name == name for alias in node.names):
                statements.append(f"import {name}")
        elif (
            isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.partition(".")[0] in sys.stdlib_module_names
            and any(alias.asname is None and alias.name == name for alias in node.names)
        ):
            statements.append(f"from {node.module} import {name}")
    return statements


def called_in(tests: Source, code: Source) -> str:
    """The function that *tests* are about, where no entry point was named; "" if none is.

    A name of Python's own counts only where the tests call no other: MBPP has a task `sum`, but a
    learner who defines `set` must not be asked by tests that compare sets.
    """
    free, has = used(tests), bound(code)
    calls = [
        node
        for node in ast.walk(tests.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in free
    ]
    names = [node.func.id for node in calls if isinstance(node.func, ast.Name)]
    foreign = [name for name in names if name not in BUILTINS]
    if foreign:
        return next((name for name in foreign if name in has), foreign[0])
    innermost = [node for node in calls if not any(_is_call(inner) for inner in _below(node))]
    own = [node.func.id for node in innermost if isinstance(node.func, ast.Name)]
    return next((name for name in own if name in has), "")


def _is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call)


def _below(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield from ast.walk(child)


def unlike_monty(source: Source) -> str:
    """What in the code monty takes and means differently from CPython; "" where nothing is.

    There `map`, `zip`, … and generator expressions are lists. That is the same for what reads
    them at once (`sum(x for x in xs)`), and not for what keeps them: `return map(str, xs)` would
    pass there and fail in Python. Some special methods of classes are ignored.
    """
    lazy = LAZY | _of_itertools(source)
    at_once = _read_at_once(source, lazy)
    for node in ast.walk(source.tree):
        is_lazy = isinstance(node, ast.GeneratorExp) or _called(node) in lazy
        if is_lazy and id(node) not in at_once:
            return "an iterator that is kept"
        if isinstance(node, ast.ClassDef):
            methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
            if any(name.startswith("__") and name not in SPECIAL for name in methods):
                return "special methods of a class"
        if isinstance(node, ast.Name) and node.id in ("locals", "globals"):
            return node.id
    return ""


def _called(node: ast.AST) -> str:
    """The name in `name(…)` and in `itertools.name(…)`."""
    if not isinstance(node, ast.Call):
        return ""
    if isinstance(node.func, ast.Name):
        return node.func.id
    of = node.func.value if isinstance(node.func, ast.Attribute) else None
    if isinstance(of, ast.Name) and of.id == "itertools" and isinstance(node.func, ast.Attribute):
        return f"itertools.{node.func.attr}"
    return ""


def _of_itertools(source: Source) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "itertools":
            found.update(alias.asname or alias.name for alias in node.names)
        name = _called(node)
        if name.startswith("itertools."):
            found.add(name)
    return found


def _read_at_once(source: Source, lazy: frozenset[str] | set[str]) -> set[int]:
    """Expressions whose values are read to the end where they stand."""
    found: set[int] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else _called(node)
            if name in READERS or _called(node) in lazy:
                found.update(id(argument) for argument in node.args)
        elif isinstance(node, (ast.For, ast.comprehension)):
            found.add(id(node.iter))
        elif isinstance(node, ast.Starred) or (
            isinstance(node, ast.Assign) and isinstance(node.targets[0], (ast.Tuple, ast.List))
        ):
            found.add(id(node.value))
    return found
