"""The catalogue and its index."""

from resources.models.catalogue import (
    Facet,
    Kind,
    Level,
    Resource,
    Status,
    Topic,
)
from resources.models.index import (
    DenseVector,
    DocumentFrequency,
    FacetVector,
    IndexEntry,
    IndexVersion,
    Lexeme,
)

__all__ = [
    "DenseVector",
    "DocumentFrequency",
    "Facet",
    "FacetVector",
    "IndexEntry",
    "IndexVersion",
    "Kind",
    "Level",
    "Lexeme",
    "Resource",
    "Status",
    "Topic",
]
