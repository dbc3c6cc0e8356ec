"""`POST search`: one task, one reply; by words where the worker is away."""

from typing import Any

from learning_assistant.asking import Asking
from resources import presenting, ranking, tasks
from resources.models import IndexVersion
from resources.ranking import Filters, Scope


def search(query: str, limit: int, scope: Scope, filters: Filters) -> dict[str, Any]:
    """The body of the answer; no filter is given up, so there may be no result.

    Nothing of it is stored: a program is no learner, its questions are nobody's history.
    Raises Django's `OperationalError` when PostgreSQL is away.
    """
    payload = {"query": query, "limit": limit, "filters": filters.used(), "scope": scope}
    asking = Asking(tasks.search, payload)
    reply = asking.first_reply()
    if reply is None:
        version = IndexVersion.objects.active()
        pk = version.pk if version else None
        hits = ranking.search(pk, query, None, filters, limit, scope)
        reply = {
            "searched_for": query,
            "results": presenting.results(hits, query, pk, None),
            "version": presenting.name(version),
        }
        if version is None:
            asking.mark("catalogue")
    asking.count("search")
    return {
        "results": reply["results"],
        "searched_for": None if reply["searched_for"] == query else reply["searched_for"],
        "degraded": bool(asking.missing),
        "degraded_reasons": asking.missing,
        "took_ms": round(asking.elapsed_ms()),
        "version": reply["version"],
    }
