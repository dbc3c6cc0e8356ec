"""What the index of a large version's words is made over: the dimensions of a sparse vector."""

from django.db import migrations

# Of '{3:0.5,7:1.25}/1000000000'; NULL where there are none, and then no search looks for them.
CREATE = """
CREATE FUNCTION lexeme_ids(sparsevec) RETURNS integer[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT pg_catalog.array_agg(pg_catalog.split_part(pair, ':', 1)::pg_catalog.int4)
    FROM pg_catalog.unnest(pg_catalog.string_to_array(
        pg_catalog.btrim(pg_catalog.split_part($1::pg_catalog.text, '/', 1), '{}'), ','
    )) AS pair
$$
"""


class Migration(migrations.Migration):
    dependencies = [("resources", "0007_roles_of_facet_vectors")]

    operations = [migrations.RunSQL(CREATE, "DROP FUNCTION lexeme_ids(sparsevec) CASCADE")]
