"""Changed copies of a solution, each with one mistake: tests that pass them all prove nothing.

The operators are those of mutation testing: DeMillo, Lipton, Sayward, Hints on Test Data Selection
(1978), https://doi.org/10.1109/C-M.1978.218136
"""

import ast
import copy
import random
from collections.abc import Iterator
from typing import Any

from exercises.syntax import module

# To the types of `ast` any operator is of one of five unrelated kinds; each swap stays in its kind.
SWAPS: dict[type[ast.AST], Any] = {
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
    tree = module(code)
    nodes = list(ast.walk(tree))
    places = [(index, what) for index, node in enumerate(nodes) for what in _changes(node)]
    random.Random(seed).shuffle(places)
    return [
        (f"line {getattr(nodes[index], 'lineno', 0)}: {what}", _mutant(tree, index, what))
        for index, what in places[:most]
    ]


def _mutant(tree: ast.Module, index: int, what: str) -> str:
    """The code with the mistake *what* at the node of that *index*, in the order of `ast.walk`."""
    changed = copy.deepcopy(tree)
    _apply(list(ast.walk(changed))[index], what)
    return ast.unparse(ast.fix_missing_locations(changed))


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
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp():
            node.op = SWAPS[type(node.op)]()
        case ast.Compare():
            node.ops[0] = SWAPS[type(node.ops[0])]()
        case ast.Constant(value=int() | float() as number):
            node.value = number + 1
        case ast.If() | ast.IfExp():
            node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)
        case ast.Name():
            node.id = NAMES[node.id]
        case ast.Return():
            node.value = ast.Constant(None)
