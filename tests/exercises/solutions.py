"""Solutions in the manner of HumanEval and MBPP, written for this project.

Each is (name, code, tests, entry point or "", what to replace, by what): the code passes its tests
in CPython, and with the replacement it does not.
"""
# ruff: noqa: E501  # a table of programs

Solution = tuple[str, str, str, str, str, str]

SOLUTIONS: list[Solution] = [
    ("typing", "from typing import List, Optional, Dict, Tuple, Any\n\n"
     "def first_even(numbers: List[int]) -> Optional[int]:\n    for n in numbers:\n"
     "        if n % 2 == 0:\n            return n\n    return None\n",
     "def check(candidate):\n    assert candidate([1, 4, 6]) == 4\n    assert candidate([1]) is None\n"
     "    assert candidate([]) == None\n", "first_even", "== 0", "== 1"),
    ("metadata", "def double(x):\n    return x * 2\n",
     "METADATA = {'author': 'x', 'dataset': 'test'}\n\n\ndef check(candidate):\n"
     "    assert candidate(2) == 4, 'small'\n    assert True, 'always'\n", "double", "* 2", "+ 1"),
    ("nested function", "def outer(xs):\n    def inner(x):\n        return x + len(xs)\n"
     "    return [inner(x) for x in xs]\n", "assert outer([1, 2]) == [3, 4]", "", "x +", "x -"),
    ("closure with nonlocal", "def counts(n):\n    total = 0\n    def add(k):\n"
     "        nonlocal total\n        total += k\n    for i in range(n):\n        add(i)\n"
     "    return total\n", "assert counts(5) == 10", "", "+= k", "= k"),
    ("global state", "cache = {}\ncalls = 0\n\ndef fib(n):\n    global calls\n    calls += 1\n"
     "    if n in cache:\n        return cache[n]\n    r = n if n < 2 else fib(n - 1) + fib(n - 2)\n"
     "    cache[n] = r\n    return r\n", "assert fib(80) == 23416728348467685", "", "n - 2", "n - 3"),
    ("helper class", "class Stack:\n    def __init__(self):\n        self.items = []\n"
     "    def push(self, x):\n        self.items.append(x)\n    def pop(self):\n"
     "        return self.items.pop()\n\ndef flip(xs):\n    s = Stack()\n    for x in xs:\n"
     "        s.push(x)\n    return [s.pop() for _ in xs]\n",
     "assert flip([1, 2, 3]) == [3, 2, 1]\nassert flip([]) == []", "", "items.pop()", "items[0]"),
    ("class inheritance", "class Base:\n    def area(self):\n        return 0\n"
     "class Square(Base):\n    def __init__(self, a):\n        self.a = a\n    def area(self):\n"
     "        return super().area() + self.a ** 2\n\ndef area(a):\n    return Square(a).area()\n",
     "assert area(3) == 9", "area", "** 2", "* 2"),
    ("class used by the tests", "class Pair(object):\n    def __init__(self, a, b):\n"
     "        self.a = a\n        self.b = b\n\ndef max_chain_length(arr, n):\n    best = 0\n"
     "    mcl = [1 for i in range(n)]\n    for i in range(1, n):\n        for j in range(0, i):\n"
     "            if arr[i].a > arr[j].b and mcl[i] < mcl[j] + 1:\n                mcl[i] = mcl[j] + 1\n"
     "    for i in range(n):\n        best = max(best, mcl[i])\n    return best\n",
     "assert max_chain_length([Pair(5, 24), Pair(15, 25), Pair(27, 40), Pair(50, 60)], 4) == 3\n"
     "assert max_chain_length([Pair(1, 2), Pair(3, 4)], 2) == 2", "", "> arr[j].b", "> arr[j].a"),
    ("tree built by the tests", "class Node:\n    def __init__(self, data):\n"
     "        self.data = data\n        self.left = None\n        self.right = None\n\n"
     "def height(node):\n    if node is None:\n        return 0\n"
     "    return 1 + max(height(node.left), height(node.right))\n",
     "root = Node(1)\nroot.left = Node(2)\nroot.right = Node(3)\nroot.left.left = Node(4)\n"
     "assert height(root) == 3\nassert root.left.data == 2", "height", "1 + max", "max"),
    ("generator", "def squares(n):\n    for i in range(n):\n        yield i * i\n",
     "assert list(squares(4)) == [0, 1, 4, 9]\nassert sum(squares(3)) == 5", "", "i * i", "i"),
    ("generator inside", "def odd(xs):\n    def walk():\n        for x in xs:\n"
     "            if x % 2:\n                yield x\n    return list(walk())\n",
     "assert odd([1, 2, 3]) == [1, 3]", "", "% 2", "% 3"),
    ("generator expression returned", "def evens(xs):\n    return (x for x in xs if x % 2 == 0)\n",
     "assert list(evens([1, 2, 4])) == [2, 4]\nassert tuple(evens([])) == ()", "", "== 0", "== 1"),
    ("map returned", "def texts(xs):\n    return map(str, xs)\n",
     "assert list(texts([1, 2])) == ['1', '2']", "", "str", "float"),
    ("zip", "def pairs(a, b):\n    return list(zip(a, b))\n",
     "assert pairs([1, 2], 'ab') == [(1, 'a'), (2, 'b')]", "", "zip(a, b)", "zip(b, a)"),
    ("heapq", "import heapq as hq\n\ndef top(nums, n):\n    return hq.nlargest(n, nums)\n",
     "assert top([5, 1, 9], 2) == [9, 5]", "", "nlargest", "nsmallest"),
    ("heap by hand", "import heapq\ndef merge(a, b):\n    h = []\n    for x in a + b:\n"
     "        heapq.heappush(h, x)\n    return [heapq.heappop(h) for _ in range(len(h))]\n",
     "assert merge([3, 1], [2]) == [1, 2, 3]", "merge", "a + b", "a"),
    ("statistics", "import statistics\ndef middle(xs):\n    return statistics.median(xs)\n",
     "assert middle([3, 1, 2]) == 2\nassert middle([1, 2]) == 1.5", "", "median", "mean(xs) + statistics.mean"),
    ("del", "def without(d, k):\n    d = dict(d)\n    del d[k]\n    return d\n",
     "assert without({'a': 1, 'b': 2}, 'a') == {'b': 2}", "", "del d[k]", "pass"),
    ("operator and reduce", "import operator\nfrom functools import reduce\n\ndef product(xs):\n"
     "    return reduce(operator.mul, xs, 1)\n", "assert product([2, 3, 4]) == 24", "", "mul", "add"),
    ("string module", "import string\ndef letters(s):\n"
     "    return ''.join(c for c in s if c in string.ascii_letters)\n",
     "assert letters('a1b-C') == 'abC'", "", "ascii_letters", "digits"),
    ("lambda at the top", "square = lambda x: x ** 2\n", "assert square(3) == 9", "square", "** 2", "* 2"),
    ("sorted with key", "def by_second(xs):\n    return sorted(xs, key=lambda p: p[1])\n",
     "assert by_second([('a', 3), ('b', 1)]) == [('b', 1), ('a', 3)]", "", "p[1]", "p[0]"),
    ("recursion", "def hanoi(n, a='A', b='B', c='C'):\n    if n == 0:\n        return []\n"
     "    return hanoi(n - 1, a, c, b) + [(a, c)] + hanoi(n - 1, b, a, c)\n",
     "assert hanoi(2) == [('A', 'B'), ('A', 'C'), ('B', 'C')]\nassert len(hanoi(8)) == 255", "",
     "(a, c)]", "(a, b)]"),
    ("deep recursion", "def depth(n):\n    return 0 if n == 0 else 1 + depth(n - 1)\n",
     "assert depth(800) == 800", "", "1 +", "2 +"),
    ("big integers", "def power(a, b):\n    return a ** b\n",
     "assert power(2, 200) == 1606938044258990275541962092341162602522202993782792835301376\n"
     "assert power(7, 400) % 1000 == 1", "", "**", "*"),
    ("modular power", "def modp(n, p):\n    return pow(2, n, p)\n",
     "assert modp(1101, 101) == 2\nassert modp(100, 101) == 1", "", "pow(2", "pow(3"),
    ("floats", "def mean(xs):\n    return sum(xs) / len(xs)\n",
     "def check(candidate):\n    assert abs(candidate([1.0, 2.0]) - 1.5) < 1e-6\n"
     "    assert round(candidate([1, 2, 2]), 2) == 1.67\n", "mean", "/ len(xs)", "/ 2"),
    ("isclose", "import math\ndef norm(v):\n    return math.sqrt(sum(x * x for x in v))\n",
     "import math\nassert math.isclose(norm([3, 4]), 5, rel_tol=1e-9)", "", "x * x", "x"),
    ("math from the code", "import math\ndef area(r):\n    return math.pi * r ** 2\n",
     "assert math.isclose(area(2), 4 * math.pi)", "", "** 2", "* 3"),
    ("infinity", "def lowest(xs):\n    best = float('inf')\n    for x in xs:\n"
     "        best = min(best, x)\n    return best\n",
     "assert lowest([]) == float('inf')\nassert lowest([3, 1]) == 1\nassert lowest([float('-inf')]) < 0",
     "", "min(", "max("),
    ("nan argument", "def is_number(x):\n    return x == x\n",
     "assert is_number(float('nan')) is False\nassert is_number(1.0) is True", "", "x == x", "x != x"),
    ("complex", "import cmath\ndef angle(z):\n    return cmath.phase(z)\ndef conjugate(z):\n"
     "    return z.conjugate()\n",
     "assert conjugate(1 + 2j) == 1 - 2j\nassert abs(angle(1j) - 1.5707963267948966) < 1e-9", "conjugate",
     "z.conjugate()", "-z"),
    ("bytes", "def flip(b):\n    return bytes(reversed(b))\n", "assert flip(b'abc') == b'cba'\nassert flip(b'') == b''",
     "", "reversed(b)", "b"),
    ("bytearray", "def xor(a, k):\n    out = bytearray(a)\n    for i in range(len(out)):\n"
     "        out[i] ^= k\n    return bytes(out)\n", "assert xor(b'ab', 1) == b'`c'", "", "^=", "|="),
    ("none result", "def nothing(x):\n    if x > 3:\n        return x\n",
     "assert nothing(1) is None\nassert nothing(4) == 4", "", "> 3", "> 0"),
    ("sets", "def common(a, b):\n    return set(a) & set(b)\n",
     "assert set(common((3, 4), (4, 5))) == set([4])\nassert common([1], [2]) == set()", "", "&", "|"),
    ("set comparison in the tests", "def similar(a, b):\n    return tuple(set(a) & set(b))\n",
     "assert set(similar((3, 4, 5, 6), (5, 7, 4, 10))) == set((4, 5))", "", "&", "-"),
    ("frozenset", "def key(xs):\n    return frozenset(xs)\n",
     "assert key([1, 2]) == frozenset([2, 1])\nassert {key('ab'): 1}[frozenset('ba')] == 1", "", "(xs)", "(xs[:1])"),
    ("dicts", "def invert(d):\n    return {v: k for k, v in d.items()}\n",
     "assert invert({'a': 1, 'b': 2}) == {1: 'a', 2: 'b'}\nassert invert({}) == {}", "", "v: k", "k: v"),
    ("counter", "from collections import Counter\ndef freq(xs):\n    return Counter(xs)\n",
     "assert freq('aab') == {'a': 2, 'b': 1}\nassert freq([]) == {}", "", "Counter(xs)", "Counter(xs[1:])"),
    ("most common", "from collections import Counter\ndef top(s, n):\n    return Counter(s).most_common(n)\n",
     "assert top('abracadabra', 2) == [('a', 5), ('b', 2)]", "", "(n)", "(1)"),
    ("defaultdict", "from collections import defaultdict\ndef group(ps):\n    out = defaultdict(list)\n"
     "    for k, v in ps:\n        out[k].append(v)\n    return out\n",
     "assert group([('a', 1), ('b', 2), ('a', 3)]) == {'a': [1, 3], 'b': [2]}", "", "append(v)", "append(k)"),
    ("ordered dict", "from collections import OrderedDict\ndef unique(s):\n"
     "    return ''.join(OrderedDict.fromkeys(s))\n", "assert unique('abca') == 'abc'", "", "(s))", "(s[1:]))"),
    ("namedtuple", "from collections import namedtuple\nP = namedtuple('P', 'x y')\ndef point(x, y):\n"
     "    return P(x, y)\n", "assert point(1, 2) == (1, 2)\nassert point(1, 2)[1] == 2", "", "P(x, y)", "P(y, x)"),
    ("deque", "from collections import deque\ndef rotate(xs, n):\n    d = deque(xs)\n    d.rotate(n)\n"
     "    return list(d)\n", "assert rotate([1, 2, 3], 1) == [3, 1, 2]", "", "rotate(n)", "rotate(-n)"),
    ("dict views", "def names(d):\n    return d.keys()\n",
     "assert sorted(names({'b': 1, 'a': 2})) == ['a', 'b']\nassert set(names({'x': 1})) == {'x'}", "",
     "keys", "values"),
    ("changed argument", "def add_one(xs):\n    for i in range(len(xs)):\n        xs[i] += 1\n",
     "def check(candidate):\n    a = [1, 2]\n    assert candidate(a) is None\n    assert a == [2, 3]\n",
     "add_one", "+= 1", "+= 2"),
    ("changed nested argument", "def mark(grid, r, c):\n    grid[r][c] = 'x'\n    return grid\n",
     "g = [['.', '.'], ['.', '.']]\nmark(g, 0, 1)\nassert g == [['.', 'x'], ['.', '.']]", "mark", "[r][c]", "[c][r]"),
    ("changed dict argument", "def put(d, k, v):\n    d[k] = v\n    d.pop('old', None)\n",
     "d = {'old': 1}\nput(d, 'a', 2)\nassert d == {'a': 2}", "put", "d[k] = v", "d[k] = k"),
    ("unhashable argument", "def total(d):\n    return sum(sum(v) for v in d.values())\n",
     "assert total({'a': [1, 2], 'b': [3]}) == 6", "", "sum(v)", "len(v)"),
    ("keyword arguments", "def power(base, *, exponent=2):\n    return base ** exponent\n",
     "assert power(3) == 9\nassert power(2, exponent=3) == 8", "", "**", "*"),
    ("any number of arguments", "def most(*xs, **options):\n    return max(xs, **options)\n",
     "assert most(1, 3, 2) == 3\nassert most(1, 3, default=None) if False else True\nassert most('a', 'b') == 'b'",
     "", "max", "min"),
    ("function argument made in the tests", "def apply(f, x):\n    return f(x)\n",
     "assert apply(len, 'ab') == 2", "apply", "f(x)", "f(x) + 1"),
    ("string formatting", "def money(x):\n    return '{:,.2f}'.format(x) + f' {x:>8.1f}|' + '%05d' % int(x)\n",
     "assert money(1234.5) == '1,234.50   1234.5|01234'", "", "%05d", "%06d"),
    ("string methods", "def tidy(s):\n    return ' '.join(w.capitalize() for w in s.strip().split())\n",
     "assert tidy('  ada   lovelace ') == 'Ada Lovelace'\nassert tidy('') == ''", "", "capitalize", "upper"),
    ("unicode", "def flip(s):\n    return s[::-1]\n", "assert flip('héllo→') == '→olléh'\nassert flip('😀a') == 'a😀'",
     "", "[::-1]", "[::1]"),
    ("translate", "def rot(s):\n    a = 'abcdefghijklmnopqrstuvwxyz'\n"
     "    return s.translate(str.maketrans(a, a[13:] + a[:13]))\n", "assert rot('hello') == 'uryyb'", "",
     "a[13:]", "a[12:]"),
    ("regular expressions", "import re\ndef words(s):\n    return re.findall(r'[A-Za-z]+', s)\n"
     "def has_ab(s):\n    if re.search('ab{2,3}', s):\n        return 'Found a match!'\n"
     "    return 'Not matched!'\n",
     "assert words('a1 bc') == ['a', 'bc']\nassert has_ab('abbb') == 'Found a match!'", "words", "A-Za-z", "0-9"),
    ("regex groups", "import re\ndef date(s):\n    return re.sub(r'(\\d{4})-(\\d\\d)-(\\d\\d)', r'\\3-\\2-\\1', s)\n",
     "assert date('2026-01-02') == '02-01-2026'", "", "\\3-\\2", "\\2-\\3"),
    ("in", "def pick(xs):\n    return xs[len(xs) // 2]\n",
     "assert pick([1, 2, 3]) in [2]\nassert pick('abc') in 'b'", "", "// 2", "// 5"),
    ("exceptions", "def divide(a, b):\n    if b == 0:\n        raise ValueError('no zero')\n    return a / b\n",
     "try:\n    divide(1, 0)\n    assert False, 'must fail'\nexcept ValueError as e:\n    assert str(e) == 'no zero'\n"
     "assert divide(4, 2) == 2", "divide", "'no zero'", "'zero'"),
    ("exception of its own", "class Bad(Exception):\n    pass\ndef safe(x):\n    try:\n        if x < 0:\n"
     "            raise Bad('negative')\n        return x\n    except Bad as e:\n        return str(e)\n",
     "assert safe(-1) == 'negative'\nassert safe(2) == 2", "safe", "< 0", "> 0"),
    ("finally and else", "def order(x):\n    log = []\n    try:\n        1 / x\n    except ZeroDivisionError:\n"
     "        log.append('except')\n    else:\n        log.append('else')\n    finally:\n"
     "        log.append('finally')\n    return log\n",
     "assert order(0) == ['except', 'finally']\nassert order(1) == ['else', 'finally']", "", "'else'", "'other'"),
    ("match", "def kind(x):\n    match x:\n        case []:\n            return 'empty'\n"
     "        case [a]:\n            return f'one {a}'\n        case {'k': v}:\n            return v\n"
     "        case _:\n            return 'many'\n",
     "assert [kind([]), kind([1]), kind({'k': 2}), kind((1, 2))] == ['empty', 'one 1', 2, 'many']", "kind", "'many'", "''"),
    ("walrus and slices", "def halves(xs):\n    if (n := len(xs)) < 2:\n        return xs, []\n"
     "    return xs[:n // 2], xs[n // 2:]\n", "assert halves([1, 2, 3]) == ([1], [2, 3])\nassert halves([]) == ([], [])",
     "", ":n // 2]", ":n // 2 + 1]"),
    ("star unpacking", "def ends(xs):\n    first, *rest = xs\n    return [first, *rest[-1:]]\n",
     "assert ends([1, 2, 3]) == [1, 3]\nassert ends([1]) == [1]", "", "[-1:]", "[:1]"),
    ("itertools", "from itertools import permutations, combinations, groupby, accumulate\n"
     "def perms(s):\n    return sorted(''.join(p) for p in permutations(s))\n",
     "assert perms('abc') == ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']", "", "''.join", "'-'.join"),
    ("groupby", "from itertools import groupby\ndef runs(xs):\n    return [[len(list(g)), k] for k, g in groupby(xs)]\n",
     "assert runs([1, 1, 2]) == [[2, 1], [1, 2]]", "", "len(list(g))", "len(list(g)) + 1"),
    ("combinations returned", "from itertools import combinations_with_replacement\ndef pairs(xs, n):\n"
     "    return list(combinations_with_replacement(xs, n))\n",
     "assert pairs('RG', 2) == [('R', 'R'), ('R', 'G'), ('G', 'G')]", "", "list(", "sorted("),
    ("cache", "from functools import lru_cache\n@lru_cache(maxsize=None)\ndef ways(n):\n"
     "    return 1 if n < 2 else ways(n - 1) + ways(n - 2)\n", "assert ways(60) == 2504730781961", "ways", "n < 2", "n < 3"),
    ("bisect", "import bisect\ndef place(a, x):\n    return bisect.bisect_left(a, x)\n",
     "assert place([1, 2, 4], 3) == 2\nassert place([1, 2], 2) == 1", "", "bisect_left", "bisect_right"),
    ("copy", "import copy\ndef grown(xs):\n    ys = copy.deepcopy(xs)\n    ys[0].append(1)\n    return xs, ys\n",
     "assert grown([[]]) == ([[]], [[1]])", "", "deepcopy", "copy"),
    ("datetime", "import datetime\ndef weekday(y, m, d):\n    return datetime.date(y, m, d).weekday()\n",
     "assert weekday(2026, 1, 1) == 3", "", "weekday()", "isoweekday()"),
    ("fractions", "from fractions import Fraction\ndef half(n):\n    return Fraction(n, 2)\n",
     "from fractions import Fraction\nassert half(3) == Fraction(3, 2)\nassert half(2) == 1", "", "n, 2", "n, 3"),
    ("decimal", "from decimal import Decimal\ndef add(a, b):\n    return Decimal(a) + Decimal(b)\n",
     "from decimal import Decimal\nassert add('0.1', '0.2') == Decimal('0.3')", "", "+", "-"),
    ("name of a builtin", "def sum(a, b):\n    return a + b\n", "assert sum(10, 15) == 25\nassert sum(0, 0) == 0",
     "", "a + b", "a - b"),
    ("two functions", "def encode(s):\n    return s[1:] + s[:1]\n\ndef decode(s):\n    return s[-1:] + s[:-1]\n",
     "def check(candidate):\n    from random import randint\n    import string\n    for n in range(5):\n"
     "        s = ''.join(string.ascii_letters[randint(0, 25)] for _ in range(n))\n"
     "        assert candidate(encode(s)) == s\n    assert candidate('bca') == 'abc'\n", "decode", "s[-1:]", "s[:1]"),
    ("main guard", "def inc(x):\n    return x + 1\n\nif __name__ == '__main__':\n    print(inc(input()))\n",
     "assert inc(1) == 2", "", "+ 1", "+ 2"),
    ("docstring with doctests", "def add(a, b):\n    \"\"\"Add.\n    >>> add(1, 2)\n    3\n    \"\"\"\n    return a + b\n",
     "assert add(1, 2) == 3", "add", "a + b", "a * b"),
    ("windows line ends", "def add(a, b):\r\n    # sum\r\n    return a + b\r\n", "assert add(1, 2) == 3\r\n", "add", "+ b", "* b"),
    ("tabs", "def add(a, b):\n\tif a:\n\t\treturn a + b\n\treturn b\n", "assert add(1, 2) == 3", "add", "a + b", "a * b"),
    ("many prints", "def noisy(n):\n    for i in range(n):\n        print('step', i)\n    return n\n",
     "assert noisy(2000) == 2000", "", "return n", "return n + 1"),
    ("truth values", "def is_even(n):\n    return n % 2 == 0\n",
     "assert is_even(2) == True\nassert is_even(3) is False\nassert not is_even(1)\nassert is_even(0)", "", "== 0", "== 1"),
    ("loops in the tests", "def square(n):\n    return n * n\n",
     "def check(candidate):\n    for i in range(300):\n        assert candidate(i) == i ** 2, f'{i}'\n", "square", "n * n", "n + n"),
    ("tests with helpers", "def primes(n):\n    return [p for p in range(2, n) if all(p % q for q in range(2, p))]\n",
     "def slow(n):\n    return [p for p in range(2, n) if len([q for q in range(1, p + 1) if p % q == 0]) == 2]\n\n"
     "for n in (0, 3, 20):\n    assert primes(n) == slow(n)\n", "primes", "range(2, n)", "range(3, n)"),
    ("bit operations", "def ones(n):\n    return bin(n).count('1') + (n << 2 & 0) + (n >> 70) + (~n & 0)\n",
     "assert ones(255) == 8\nassert ones(0) == 0", "", "'1'", "'0'"),
    ("hex and ord", "def code(s):\n    return [hex(ord(c)) for c in s] + [chr(97), oct(8)]\n",
     "assert code('A') == ['0x41', 'a', '0o10']", "", "97", "98"),
    ("matrix", "def transpose(m):\n    return [list(r) for r in zip(*m)]\n",
     "assert transpose([[1, 2], [3, 4], [5, 6]]) == [[1, 3, 5], [2, 4, 6]]\nassert transpose([]) == []", "", "zip(*m)", "m"),
    ("next with default", "def find(xs, x):\n    return next((i for i, y in enumerate(xs) if y == x), -1)\n",
     "assert find([3, 4], 4) == 1\nassert find([], 4) == -1", "", "-1)", "0)"),
    ("any and all", "def mixed(xs):\n    return any(x < 0 for x in xs) and not all(x < 0 for x in xs)\n",
     "assert mixed([1, -1]) is True\nassert mixed([-1]) is False\nassert mixed([]) is False", "", "not all", "all"),
    ("max with key and default", "def longest(ws):\n    return max(ws, key=len, default=None)\n",
     "assert longest(['a', 'bbb', 'cc']) == 'bbb'\nassert longest([]) is None", "", "max(", "min("),
    ("hashlib", "import hashlib\ndef digest(s):\n    return hashlib.md5(s.encode('ascii')).hexdigest() if s else None\n",
     "assert digest('Hello world') == '3e25960a79dbc69b674cd4ec67a72c62'\nassert digest('') is None", "digest", "if s", "if not s"),
    ("eval in the code", "def solve(ops, nums):\n    e = str(nums[0])\n    for o, n in zip(ops, nums[1:]):\n        e += o + str(n)\n    return eval(e)\n",
     "assert solve(['+', '*', '-'], [2, 3, 4, 5]) == 9", "", "eval(e)", "eval(e[:3])"),
    ("long computation", "def collatz(n):\n    best = 0\n    for s in range(1, n):\n        k, x = 1, s\n        while x != 1:\n"
     "            x = x // 2 if x % 2 == 0 else 3 * x + 1\n            k += 1\n        best = max(best, k)\n    return best\n",
     "assert collatz(3000) == 217", "", "k += 1", "k += 2"),
    ("property and staticmethod", "class Circle:\n    def __init__(self, r):\n        self._r = r\n    @property\n    def d(self):\n"
     "        return 2 * self._r\n    @staticmethod\n    def unit():\n        return Circle(1)\n\ndef diameter(r):\n    return Circle(r).d + Circle.unit().d\n",
     "assert diameter(3) == 8", "diameter", "2 *", "3 *"),
    ("ordering of objects", "class V:\n    def __init__(self, n):\n        self.n = n\n    def __lt__(self, other):\n        return self.n < other.n\n"
     "    def __len__(self):\n        return self.n\n\ndef order(xs):\n    return [len(v) for v in sorted(V(x) for x in xs)]\n",
     "assert order([3, 1, 2]) == [1, 2, 3]", "order", "self.n <", "-self.n < -"),
    ("dataclass", "from dataclasses import dataclass, field\n\n@dataclass(order=True)\nclass Item:\n    weight: int\n    name: str = field(default='', compare=False)\n\n"
     "def lightest(ws):\n    return min(Item(w, str(w)) for w in ws).name\n", "assert lightest([3, 1]) == '1'", "lightest", "min(", "max("),
    ("enum", "from enum import Enum\nclass Color(Enum):\n    RED = 1\n    BLUE = 2\ndef name(n):\n    return Color(n).name\n",
     "assert name(2) == 'BLUE'", "name", "BLUE = 2", "BLUE = 3"),
    ("context manager", "class Log:\n    def __init__(self):\n        self.seen = []\n    def __enter__(self):\n        self.seen.append('in')\n        return self\n"
     "    def __exit__(self, *a):\n        self.seen.append('out')\n\ndef use():\n    with Log() as log:\n        log.seen.append('x')\n    return log.seen\n",
     "assert use() == ['in', 'x', 'out']", "use", "'out'", "'in'"),
    ("random with a seed", "import random\ndef draw(seed):\n    random.seed(seed)\n    return [random.randint(0, 9) for _ in range(3)]\n",
     "assert draw(1) == draw(1) and len(draw(2)) == 3", "draw", "range(3)", "range(4)"),
    ("json", "import json\ndef there_and_back(x):\n    return json.loads(json.dumps(x))\n",
     "assert there_and_back({'a': [1, None, True]}) == {'a': [1, None, True]}", "", "json.loads(json.dumps(x))", "json.dumps(x)"),
]  # fmt: skip
