import threading

import pytest
from django.db import connection

from resources.models import QueryVector, RegisteredQuery, VersionState
from resources.rag import registered
from tests.resources.making import add, index
from tests.resources.reading import activate, as_reader, ask, document, version_beside

pytestmark = pytest.mark.usefixtures("model_server", "valkey")

ASKED = "what to read first"
QUERIES = [
    "SELECT document_path FROM rag_embeddings ORDER BY embedding <=> {v} LIMIT 30",
    "SELECT document_path FROM rag_embeddings WHERE embedding <=> {v} < 2",
    "SELECT document_path FROM rag_embeddings WHERE source = 'catalogue' OR embedding <=> {v} < 2",
    "SELECT document_path FROM rag_embeddings WHERE embedding <-> {v} >= 0 AND embedding <#> {v} <"
    " 2 AND embedding <+> {v} >= 0 ORDER BY embedding <=> {v}",
    "SELECT document_path FROM rag_embeddings WHERE (embedding <=> {v}) + position >= 0",
    "SELECT a.document_path FROM rag_embeddings a JOIN rag_embeddings b"
    " ON a.embedding <=> b.embedding < 1e-6 AND a.document_path = b.document_path"
    " AND a.position = b.position",
    "SELECT document_path FROM rag_embeddings WHERE embedding = (SELECT embedding FROM"
    " rag_embeddings r WHERE r.document_path = rag_embeddings.document_path"
    " AND r.position = rag_embeddings.position)",
    "SELECT document_path FROM (SELECT DISTINCT ON (document_path, position) * FROM rag_embeddings"
    " ORDER BY document_path, position, embedding <=> {v}) best WHERE embedding <=> {v} < 2",
    "SELECT document_path FROM rag_embeddings, (SELECT avg(embedding) m FROM rag_embeddings) mean"
    " WHERE embedding <=> m < 2",
]
PLANNERS = ["", "enable_hashjoin", "enable_seqscan", "enable_nestloop", "enable_mergejoin"]


@pytest.fixture
def narrow(committed_db, model_server, valkey):
    """The active version, beside one of 3 dimensions that is ready and one of 5 being built."""
    for number in range(8):
        add(f"Resource {number}", facets=[f"case {number}"])
        document(f"{number}.md", f"words {number}", f"more words {number}")
    version = index()
    version_beside(version, 5)
    ready = version_beside(version, 3, VersionState.READY)
    registered.register([ASKED])
    query = RegisteredQuery.objects.get()
    QueryVector.objects.create(version=ready, query=query, embedding=[1, 0, 0])
    return ready


@pytest.mark.parametrize("off", PLANNERS)
def test_whatever_is_compared_and_however_it_is_planned(narrow, off):
    if off:
        ask(f"SELECT set_config('{off}', 'off', false)")  # until `committed_db` hangs up
    vector = f"(SELECT ollama_embed('{ASKED}'))"
    for query in QUERIES:
        assert len(ask(query.format(v=vector))) == 24, query
        assert len(ask(query.format(v=f"ollama_embed('{ASKED}')"))) == 24, query
    activate(narrow)
    for query in QUERIES:
        assert len(ask(query.format(v=vector))) == 24, query
        assert len(ask(query.format(v="'[0,1,0]'::halfvec"))) == 24, query


def test_a_prepared_statement_goes_on_through_a_switch_of_versions(narrow):
    raw = connection.connection.cursor()
    widths = []
    for number in range(12):
        raw.execute(
            "SELECT embedding <=> ollama_embed(%s), vector_dims(embedding) FROM rag_embeddings",
            [ASKED],
            prepare=True,
        )
        widths.append({width for _, width in raw.fetchall()})
        if number == 7:  # by now PostgreSQL may have settled on a plan for all parameters
            activate(narrow)
    assert widths == [{64}] * 8 + [{3}] * 4


def test_readers_never_notice_that_versions_are_switched(narrow):
    wide = narrow._meta.model.objects.get(state=VersionState.ACTIVE)
    ended = threading.Event()
    switches = []

    def switch():
        while not ended.is_set():
            activate(wide if len(switches) % 2 else narrow)
            switches.append(1)
        connection.close()

    thread = threading.Thread(target=switch)
    thread.start()
    try:
        widths = set()
        with as_reader() as reader:
            for number in range(300):
                row = reader.execute(
                    "SELECT count(*), max(embedding <=> ollama_embed(%s)),"
                    " array_agg(DISTINCT vector_dims(embedding)) FROM rag_embeddings",
                    [ASKED],
                    prepare=number % 2 == 0,
                ).fetchone()
                assert row[0] == 24
                widths.add(tuple(row[2]))
    finally:
        ended.set()
        thread.join(10)
    assert len(switches) > 10
    assert widths == {(64,), (3,)}


def test_a_version_that_was_given_up_leaves_nothing_to_be_met(narrow):
    narrow.state = VersionState.RETIRED
    narrow.save()
    assert ask("SELECT DISTINCT vector_dims(embedding) FROM rag_embeddings") == [(64,)]
