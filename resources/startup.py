"""What this app adds to the whole when Django starts: warm-up, lines in `doctor`, system checks."""

from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError

from learning_assistant import gauges, lanes, ollama, parts
from learning_assistant.gauges import Gauge
from learning_assistant.parts import Line, State
from learning_assistant.postgresql.base import time_limit
from resources.models import IndexVersion, LexicalVector, Resource, VersionState
from resources.rag import answering, indexing


def register_all() -> None:
    lanes.on_warm_up(lanes.INTERACTIVE, answering.warm_up)
    parts.register(model_server)
    parts.register(index)
    gauges.register(of_index)


def model_server() -> Iterator[Line]:
    """The model server and the two models that the settings name."""
    try:
        version, digests = ollama.server_version(), ollama.digests()
    except ollama.ModelUnavailable as error:
        mend, reason = "start it, or set OLLAMA_HOST", "does not answer"
        yield Line("model server", State.FAIL, str(error), mend, reason=reason)
        return
    yield Line("model server", State.OK, version)
    wanted = {"CHAT_MODEL": settings.CHAT_MODEL, "EMBED_MODEL": _embedding_model()}
    for setting, name in wanted.items():
        digest = digests.get(ollama.full_name(name))
        if digest is None:
            mend = f"ollama pull {name}, or set {setting}"
            missing = "not on the server"
            yield Line(f"model {name}", State.FAIL, missing, mend, reason=f"is {missing}")
        else:
            yield Line(f"model {name}", State.OK, digest[:12])


def _embedding_model() -> str:
    """The active version's model, which search uses; before the first version the setting's."""
    try:
        with time_limit(parts.TIMEOUT_S):
            version = IndexVersion.objects.active()
    except DatabaseError:
        version = None  # PostgreSQL's own line says so
    return version.model if version else settings.EMBED_MODEL


def index() -> Iterator[Line]:
    """How much there is to search, and how far the index is behind."""
    try:
        with time_limit(parts.TIMEOUT_S):
            version = IndexVersion.objects.active()
            published = Resource.objects.published().count()
            behind = indexing.lag(version)
            # Words in bulk are weighed all together after the last: until then none is found.
            found = LexicalVector.objects.filter(version=version).exists()
    except DatabaseError:
        return  # PostgreSQL's own line says so
    load = ".venv/bin/python manage.py load_catalogue --starter --wait"
    if published == 0:
        nothing = "no published resource"
        yield Line("catalogue", State.FAIL, nothing, load, reason=f"has {nothing}")
        return
    yield Line("catalogue", State.OK, f"{published} published resources")
    rows = version.rows if version and found else 0
    detail = f"{rows} searchable, {behind} to do ({version or 'no version yet'})"
    if not found:
        yield Line("index", State.FAIL, detail, load, reason="nothing is searchable yet")
    elif behind:
        yield Line("index", State.WARN, detail, load, blocks=False)
    else:
        yield Line("index", State.OK, detail)
    yield from _others()
    if version and version.model != settings.EMBED_MODEL:
        detail = f"the index was made with {version.model}, EMBED_MODEL={settings.EMBED_MODEL}"
        mend = f"set EMBED_MODEL={version.model}"
        yield Line("embedding model", State.WARN, detail, mend, blocks=False)


def of_index() -> Iterator[Gauge]:
    """For `GET /metrics`."""
    version = IndexVersion.objects.active()
    rows, behind = version.rows if version else 0, indexing.lag(version)
    yield Gauge("resources_published", "Of the catalogue.", Resource.objects.published().count())
    yield Gauge("index_rows", "Resources and passages that are searchable.", rows)
    yield Gauge("index_lag_rows", "Those that the index is behind by.", behind)
    yield Gauge("index_version", "The number of the active version.", version.pk if version else 0)


def _others() -> Iterator[Line]:
    """Versions beside the active one: they cost room, and each change is embedded for them too."""
    try:
        with time_limit(parts.TIMEOUT_S):
            others = list(IndexVersion.objects.live().exclude(state=VersionState.ACTIVE))
    except DatabaseError:
        return
    for version in others:
        detail = f"version {version.pk}, {version}"
        mend = f"reembed --activate {version.pk}, or reembed --drop {version.pk}"
        if version.state == VersionState.BUILDING:
            mend = f"reembed --model {version.model} goes on, reembed --drop {version.pk} ends it"
        yield Line("another version", State.OK, detail, mend, blocks=False)
