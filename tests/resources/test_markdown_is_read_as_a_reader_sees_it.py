"""The text of chunks: inline marks, HTML, MDX, footnotes, math."""

import pytest

from resources.rag.markdown import chunks
from resources.rag.markdown.reading import read_bytes


def content(text: str, name: str = "x.md") -> str:
    found = chunks(read_bytes(text.encode(), name), max_tokens=2000)
    return "\n\n".join(chunk.content for chunk in found)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("*a* **b** ~~c~~ `d  e` \\*f\\* &amp; &copy;", "a b c d e *f* & ©"),
        ("[text](https://x.example 'title') <https://y.example>", "text https://y.example"),
        ("![a picture](x.png)", "a picture"),
        ("[![badge](x.svg)](y) words", "badge words"),
        ("[ref][1] and [2]\n\n[1]: http://x\n[2]: http://y 'z'", "ref and 2"),
        ("one\ntwo  \nthree\\\nfour", "one two\nthree\nfour"),
        ("H<sub>2</sub>O <b>bold</b><br>new", "H2O bold\nnew"),
        ("<span title='more'>word</span>", "more word"),
        ("vector<int> and <your-key> in `a<b>`", "vector<int> and <your-key> in a<b>"),
        ("1 < 2 && 3 > 2 <- <3", "1 < 2 && 3 > 2 <- <3"),
        ("a <!-- no --> b", "a b"),
        ("- [ ] open\n- [x] done", "- [ ] open\n- [x] done"),
        ("1. a\n2. b\n   - c\n     d\n\n       e", "1. a\n2. b\n   - c d\n\n     e"),
        ("> a\n> b\n>\n> - c", "> a b\n\n> - c"),
        ("snake_case_name and __init__.py and 2*3*4", "snake_case_name and init.py and 234"),
        ("$a_1 * b_2 * c$ costs $5 or $6", "$a_1 * b_2 * c$ costs $5 or $6"),
        ("$$\n\\sum_{i} x_i \\\\ y\n$$", "$$\n\\sum_{i} x_i \\\\ y\n$$"),
        ("word[^1] and[^note]\n\n[^1]: One.\n\n[^note]: Two.\n\n    More.",
         "word[^1] and[^note]\n\n[^1]: One.\n\n[^note]: Two.\n\n  More."),
        ("[^unused]: word", "[^unused]: word"),
        ("| a |\n|-|\n| b | more |", "| a |\n|-|\n| b | more |"),
        ("| a | b |\n|---|:-:|\n| `x` | **y** \\| z |", "| a | b |\n|-|-|\n| x | y | z |"),
        ("    indented\n      code", "```\nindented\n  code\n```"),
        ("שלום *עולם* مرحبا", "שלום עולם مرحبا"),
    ],
)  # fmt: skip
def test_inline_and_blocks(text: str, seen: str) -> None:
    assert content(text) == seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("<!-- a\n\nb -->\n\ntext", "text"),
        ("<details>\n<summary>More</summary>\n\n**inside**\n\n</details>", "More\n\ninside"),
        ("<div align='center'>\n  <p>one &lt; two</p>\n  <p>three</p>\n</div>", "one < two\nthree"),
        ("<table>\n<tr><th>a</th><th>b</th></tr>\n<tr>\n<td>1</td>\n<td><b>2</b></td></tr></table>",
         "a | b\n1\n| 2"),
        ("<pre>\n  a\n    b <b>c</b>\n</pre>", "```\n  a\n    b c\n```"),
        ("<script>\nlet x = '<p>no</p>';\n</script>\n\ntext", "text"),
        ("<style>p { color: red }</style>\n\ntext", "text"),
        ("<ul>\n<li>a</li>\n<li>b</li>\n</ul>", "- a\n- b"),
        ("<img src='x' alt='A cat'>", "A cat"),
        ("<iframe src='x' title='A film'></iframe>", "A film"),
        ("<p>unclosed <b>text", "unclosed text"),
        ("<div\n\ntext", "<div\n\ntext"),
    ],
)  # fmt: skip
def test_html(text: str, seen: str) -> None:
    assert content(text) == seen


MDX = """import { Callout, Tabs } from 'nextra/components'
import Image from "next/image"

export const meta = {
  title: 'Not text',

  tags: ['a']
}

# Title

{/* a comment
   of two lines */}

<Callout type="info" emoji="x">
  Some **bold** text with {name} and {" "}{/* no */} space.
</Callout>

<Tabs items={['npm', 'yarn']} onChange={() => { go("x > y") }}>
  <Tab>
    - one
    - two

    ```sh
    make
      run
    ```
  </Tab>
</Tabs>

<Card
  title="A card"
  href="/x"
  icon={<Icon />}
/>

Inline <Badge text="new" label="Beta"/> and <b>bold</b>, {1 + 2}.

```jsx
import React from 'react'
<Callout>{/* stays */}</Callout>
```
"""


def test_mdx_leaves_what_a_reader_sees() -> None:
    seen = content(MDX, "x.mdx")
    for gone in ("import {", "next/image", "Not text", "comment", "Callout type", "emoji", "href",
                 "onChange", "Icon", "/* no", "new"):  # fmt: skip
        assert gone not in seen.partition("```jsx")[0], gone
    code = "```jsx\nimport React from 'react'\n<Callout>{/* stays */}</Callout>\n```"
    for kept in ("Some bold text with {name} and space.", "npm, yarn", "A card",
                 "- one\n- two\n\n```sh\nmake\n  run\n```",
                 "Inline Beta and bold, {1 + 2}.", code):  # fmt: skip
        assert kept in seen, kept


def test_words_that_look_like_a_module_stay() -> None:
    text = "import duties and export duties are taxes.\n\nexport restrictions apply"
    assert content(text, "x.mdx") == text
    assert content("import numpy as np\n") == "import numpy as np"
    broken = content("export const a = {\nbroken\n\ntext after", "x.mdx")
    assert broken == "text after"


def test_what_is_nested_too_deeply_stays_as_text() -> None:
    assert "innermost" in content("> " * 300 + "innermost")
    assert "innermost" in content(
        "".join("  " * i + "- a\n" for i in range(60)) + "  " * 60 + "innermost"
    )
