"""The table that other programs read, and the function by which they ask.

A column that the view reads can't change its type under it: such a migration drops the view,
makes it anew, and grants as this one does. The role may be made later than this runs; then
deploy/postgres/rag_reader.sql grants.
"""

from django.db import migrations

# security_barrier: a reader's own condition never meets a row that the view leaves out, so no
# `embedding <=> …` compares vectors of two widths.
# Joins, not UNION ALL: what a query doesn't select is not computed.
VIEW = """
CREATE VIEW public.rag_embeddings WITH (security_barrier) AS
SELECT
    CASE WHEN r.id IS NULL THEN d.path::text ELSE r.url::text END AS document_path,
    v.embedding,
    coalesce(c.position, 0) AS position,
    coalesce(array_to_string(c.headings, ' › '), '') AS heading_path,
    CASE WHEN r.id IS NULL THEN c.content
        ELSE concat_ws(E'\\n', r.title, nullif(r.summary, ''), cases.texts) END AS content,
    CASE WHEN r.id IS NULL THEN d.metadata
        ELSE jsonb_build_object(
            'kind', r.kind,
            'level', nullif(r.level, ''),
            'topics', coalesce(topics.slugs, '[]'),
            'authors', to_jsonb(r.authors),
            'year', r.year) END AS metadata,
    CASE WHEN r.id IS NULL THEN d.title ELSE r.title::text END AS title,
    r.url::text AS url,
    CASE WHEN r.id IS NULL THEN d.source::text ELSE 'catalogue' END AS source
FROM public.resources_indexversion i
JOIN public.resources_densevector v ON v.version_id = i.id
JOIN public.resources_indexentry e ON e.id = v.entry_id
LEFT JOIN public.resources_resource r ON r.id = e.resource_id
LEFT JOIN public.resources_chunk c ON c.id = e.chunk_id
LEFT JOIN public.resources_document d ON d.id = c.document_id
LEFT JOIN (
    SELECT resource_id, string_agg(text, E'\\n' ORDER BY position, id) AS texts
    FROM public.resources_facet WHERE role = 'case' GROUP BY resource_id
) cases ON cases.resource_id = r.id
LEFT JOIN (
    SELECT rt.resource_id, jsonb_agg(t.slug ORDER BY t.slug) AS slugs
    FROM public.resources_resource_topics rt JOIN public.resources_topic t ON t.id = rt.topic_id
    GROUP BY rt.resource_id
) topics ON topics.resource_id = r.id
WHERE i.state = 'active'
    AND (v.content_hash = c.content_hash
        OR r.status = 'published' AND v.content_hash = r.content_hash);

COMMENT ON VIEW public.rag_embeddings IS
    'What is searchable by meaning: chunks of documents, and published resources (source catalogue)';
"""

FUNCTION = """
CREATE FUNCTION public.ollama_embed(asked text) RETURNS public.halfvec
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    known public.halfvec;
    shown text;
BEGIN
    SELECT v.embedding INTO known
    FROM public.resources_registeredquery q
    JOIN public.resources_queryvector v ON v.query_id = q.id
    JOIN public.resources_indexversion i ON i.id = v.version_id
    WHERE q.text = asked AND i.state = 'active';
    IF FOUND THEN
        RETURN known;
    END IF;
    IF btrim(asked, E' \\t\\r\\n') = '' THEN
        RAISE 'ollama_embed: the text is empty' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF char_length(asked) > 500 THEN
        RAISE 'ollama_embed: the text has % characters, registered ones have at most 500',
            char_length(asked) USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM FROM public.resources_indexversion WHERE state = 'active';
    IF NOT FOUND THEN
        RAISE 'ollama_embed: the index is empty' USING
            ERRCODE = 'no_data_found', HINT = 'manage.py load_catalogue --starter --wait';
    END IF;
    -- As a shell reads it. What begins with a hyphen would be taken for an option.
    shown := CASE WHEN char_length(asked) > 60 THEN left(asked, 59) || '…' ELSE asked END;
    RAISE 'ollama_embed: this text is not registered: embed_query %',
        '''' || replace(shown, '''', '''\\''''') || ''''
        USING ERRCODE = 'no_data_found', HINT = 'manage.py embed_query '
            || CASE WHEN starts_with(asked, '-') THEN '-- ' ELSE '' END
            || '''' || replace(asked, '''', '''\\''''') || '''';
END
$$;

COMMENT ON FUNCTION public.ollama_embed(text) IS
    'The vector of a text registered with `manage.py embed_query`, to compare with rag_embeddings';
REVOKE EXECUTE ON FUNCTION public.ollama_embed(text) FROM PUBLIC;
"""

GRANTS = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rag_reader') THEN
        GRANT SELECT ON public.rag_embeddings TO rag_reader;
        GRANT EXECUTE ON FUNCTION public.ollama_embed(text) TO rag_reader;
        -- No function of its own in pg_temp. Each database has to say so by itself.
        EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("resources", "0004_document_root")]

    operations = [
        migrations.RunSQL(VIEW, "DROP VIEW public.rag_embeddings"),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION public.ollama_embed(text)"),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
    ]
