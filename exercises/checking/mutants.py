"""Changed copies of a solution, each with one mistake: tests that pass them all prove nothing.

The operators are those of mutation testing: DeMillo, Lipton, Sayward, Hints on Test Data Selection
(1978), https://doi.org/10.1109/C-M.1978.218136
"""

import ast
import copy
import random
from collections.abc import Iterator

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


def mutants(code: str, most: int, seed: str) -> list[tuple[str, str]]:
    """Up to *most* changed copies of *code*: what was changed, and the code.

    The same for the same *seed*. Raises `SyntaxError`.
    """
    tree = ast.parse(code)
    found = list(_mutants(tree))
    random.Random(seed).shuffle(found)
    return found[:most]


def _mutants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for index, node in enumerate(ast.walk(tree)):
        for what in _changes(node):
            changed = copy.deepcopy(tree)
            twin = next(n for i, n in enumerate(ast.walk(changed)) if i == index)
            _apply(twin, what)
            line = getattr(node, "lineno", 0)
            yield f"line {line}: {what}", ast.unparse(ast.fix_missing_locations(changed))


def _changes(node: ast.AST) -> Iterator[str]:
    """The names of the mistakes that can be made at *node*."""
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in SWAPS:
        yield f"{type(node.op).__name__} for {SWAPS[type(node.op)].__name__}"
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield f"{type(node.ops[0]).__name__} for {SWAPS[type(node.ops[0])].__name__}"
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield "a number one larger"
    elif isinstance(node, ast.If | ast.IfExp):
        yield "the condition turned round"
    elif isinstance(node, ast.Name) and node.id in NAMES and isinstance(node.ctx, ast.Load):
        yield f"{node.id} for {NAMES[node.id]}"
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "nothing returned"


def _apply(node: ast.AST, what: str) -> None:
    match node:
        case ast.BinOp() | ast.AugAssign():
            node.op = SWAPS[type(node.op)]()  # type: ignore[assignment]
        case ast.BoolOp():
            node.op = SWAPS[type(node.op)]()  # type: ignore[assignment]
        case ast.Compare():
            node.ops[0] = SWAPS[type(node.ops[0])]()  # type: ignore[call-overload]
        case ast.Constant():
            node.value = node.value + 1  # type: ignore[operator]
        case ast.If() | ast.IfExp():
            node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)
        case ast.Name():
            node.id = NAMES[node.id]
        case ast.Return():
            node.value = ast.Constant(None)
