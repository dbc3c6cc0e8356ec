"""BM25 weights in a table of their own, and indexes that tell what a search may show."""

import django.db.models.deletion
import pgvector.django.sparsevec
from django.db import migrations, models

# A sparse vector of a long text can outgrow a page, so it may move out as the last resort (MAIN).
INLINE = """
ALTER TABLE resources_lexicalvector ALTER COLUMN weights SET STORAGE MAIN;
ALTER TABLE resources_lexicalvector SET (toast_tuple_target = 8160);
ALTER TABLE resources_indexentry RESET (toast_tuple_target);
"""
AS_BEFORE = "ALTER TABLE resources_indexentry SET (toast_tuple_target = 8160)"
MOVE = """
INSERT INTO resources_lexicalvector (entry_id, version_id, weights)
SELECT id, version_id, coalesce(lexical, '{}/1000000000'::sparsevec)
FROM resources_indexentry ORDER BY id;
SET CONSTRAINTS ALL IMMEDIATE;
"""
MOVE_BACK = """
UPDATE resources_indexentry e SET lexical = v.weights
FROM resources_lexicalvector v WHERE v.entry_id = e.id;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('resources', '0005_rag_embeddings'),
    ]

    operations = [
        migrations.CreateModel(
            name='LexicalVector',
            fields=[
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='lexical', serialize=False, to='resources.indexentry')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='resources.indexversion')),
                ('weights', pgvector.django.sparsevec.SparseVectorField(dimensions=1000000000)),
            ],
        ),
        migrations.RunSQL(INLINE, AS_BEFORE),
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.RemoveField(
            model_name='indexentry',
            name='lexical',
        ),
        migrations.RemoveConstraint(
            model_name='indexentry',
            name='one_entry_a_version',
        ),
        migrations.RemoveConstraint(
            model_name='indexentry',
            name='one_chunk_entry_a_version',
        ),
        migrations.AddConstraint(
            model_name='indexentry',
            constraint=models.UniqueConstraint(fields=('version', 'resource'), include=('id',), name='one_entry_a_version'),
        ),
        migrations.AddConstraint(
            model_name='indexentry',
            constraint=models.UniqueConstraint(fields=('version', 'chunk'), include=('id',), name='one_chunk_entry_a_version'),
        ),
        migrations.AddIndex(
            model_name='resource',
            index=models.Index(condition=models.Q(('status', 'published')), fields=['id', 'level', 'kind'], name='published_resources'),
        ),
    ]
