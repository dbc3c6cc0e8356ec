"""Markdown files as documents and chunks: a library of its own, without database and settings.

`walk` finds the files of a folder, `read` makes a document of one, `chunks` cuts it.
"""

from resources.rag.markdown.chunking import CHUNKER, SEPARATOR, ChunkText, chunks
from resources.rag.markdown.reading import ReadDocument, Unreadable, read
from resources.rag.markdown.sizing import estimate_tokens
from resources.rag.markdown.walking import Found, Skipped, walk

__all__ = [
    "CHUNKER",
    "SEPARATOR",
    "ChunkText",
    "Found",
    "ReadDocument",
    "Skipped",
    "Unreadable",
    "chunks",
    "estimate_tokens",
    "read",
    "walk",
]
