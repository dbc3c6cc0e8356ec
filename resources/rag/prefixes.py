"""What embedding models want in front of a text, as their own pages say.

A model that was trained with a prefix loses much of its quality without it, and Ollama adds none.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Prefixes:
    query: str = ""
    passage: str = ""


_RETRIEVE = "Represent this sentence for searching relevant passages: "

# By the beginning of the model's name in Ollama's library.
_KNOWN = {
    # https://huggingface.co/nomic-ai/nomic-embed-text-v1.5
    "nomic-embed-text": Prefixes("search_query: ", "search_document: "),
    # https://huggingface.co/mixedbread-ai/mxbai-embed-large-v1
    "mxbai-embed-large": Prefixes(_RETRIEVE),
    # https://huggingface.co/Snowflake/snowflake-arctic-embed-m; the second one asks otherwise
    "snowflake-arctic-embed2": Prefixes("query: "),
    "snowflake-arctic-embed": Prefixes(_RETRIEVE),
    # https://huggingface.co/BAAI/bge-base-en-v1.5 (bge-m3 wants none)
    "bge-large": Prefixes(_RETRIEVE),
    "bge-base": Prefixes(_RETRIEVE),
    "bge-small": Prefixes(_RETRIEVE),
    # https://huggingface.co/intfloat/e5-base-v2
    "e5": Prefixes("query: ", "passage: "),
    "multilingual-e5": Prefixes("query: ", "passage: "),
    # https://huggingface.co/google/embeddinggemma-300m
    "embeddinggemma": Prefixes("task: search result | query: ", "title: none | text: "),
    # https://huggingface.co/Qwen/Qwen3-Embedding-0.6B
    "qwen3-embedding": Prefixes(
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\n"
        "Query:"
    ),
}


def known(model: str) -> Prefixes:
    """The prefixes of *model* by its name (`nomic-embed-text:v1.5`); none where none are known."""
    name = model.rsplit("/", 1)[-1].lower()
    for beginning, prefixes in _KNOWN.items():
        if name.startswith(beginning):
            return prefixes
    return Prefixes()
