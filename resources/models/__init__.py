"""The catalogue, ingested documents, and the index over both."""

from resources.models.catalogue import (
    Facet,
    Kind,
    Level,
    Resource,
    Role,
    Status,
    Topic,
)
from resources.models.documents import Chunk, Document
from resources.models.index import (
    DenseVector,
    DocumentFrequency,
    FacetVector,
    IndexEntry,
    IndexFault,
    IndexVersion,
    Lexeme,
    LexicalVector,
    QueryVector,
    RegisteredQuery,
    VersionState,
)

__all__ = [
    "Chunk",
    "DenseVector",
    "Document",
    "DocumentFrequency",
    "Facet",
    "FacetVector",
    "IndexEntry",
    "IndexFault",
    "IndexVersion",
    "Kind",
    "Level",
    "Lexeme",
    "LexicalVector",
    "Lexeme",
    "QueryVector",
    "RegisteredQuery",
    "Resource",
    "Role",
    "Status",
    "Topic",
    "VersionState",
]
