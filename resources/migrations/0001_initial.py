import django.contrib.postgres.fields
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import pgvector.django
import pgvector.django.halfvec
import pgvector.django.sparsevec
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        pgvector.django.VectorExtension(),
        migrations.CreateModel(
            name='Lexeme',
            fields=[
                ('id', models.AutoField(primary_key=True, serialize=False)),
                ('term', models.TextField(unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='Resource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=300)),
                ('url', models.URLField(help_text='Shown as it stands here.', max_length=2000)),
                ('canonical_url', models.CharField(editable=False, max_length=2000, unique=True)),
                ('kind', models.CharField(choices=[('paper', 'Paper'), ('tutorial', 'Tutorial'), ('course', 'Course'), ('book', 'Book'), ('video', 'Video'), ('docs', 'Docs'), ('dataset', 'Dataset'), ('tool', 'Tool')], max_length=16)),
                ('level', models.CharField(blank=True, choices=[('beginner', 'Beginner'), ('intermediate', 'Intermediate'), ('advanced', 'Advanced')], help_text='Empty where nobody has said.', max_length=16)),
                ('authors', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, default=list, size=None)),
                ('year', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1500), django.core.validators.MaxValueValidator(2200)])),
                ('language', models.CharField(default='en', max_length=16)),
                ('summary', models.TextField(blank=True, validators=[django.core.validators.MaxLengthValidator(20000)])),
                ('licence', models.CharField(blank=True, help_text='Of the list the facts come from.', max_length=60)),
                ('provenance', models.CharField(blank=True, help_text='The list the facts come from.', max_length=200)),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('review', 'Review'), ('published', 'Published'), ('archived', 'Archived')], db_index=True, default='draft', max_length=16)),
                ('content_hash', models.CharField(blank=True, editable=False, max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('published_at', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'ordering': ['title'],
            },
        ),
        migrations.CreateModel(
            name='IndexVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('model', models.CharField(max_length=200)),
                ('digest', models.CharField(max_length=100)),
                ('dimension', models.PositiveIntegerField()),
                ('query_prefix', models.CharField(blank=True, max_length=200)),
                ('passage_prefix', models.CharField(blank=True, max_length=200)),
                ('chunker', models.CharField(max_length=40)),
                ('state', models.CharField(choices=[('building', 'Building'), ('ready', 'Ready'), ('active', 'Active'), ('retired', 'Retired')], default='building', max_length=16)),
                ('rows', models.PositiveIntegerField(default=0, help_text='N of BM25.')),
                ('average_length', models.FloatField(default=0, help_text='Lexemes a row, frozen between refreshes; 0 before the first.')),
                ('changed_rows', models.PositiveIntegerField(default=0, help_text='Since the last refresh.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('activated_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'ordering': ['-created_at'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'active')), fields=('state',), name='one_active_version')],
            },
        ),
        migrations.CreateModel(
            name='IndexEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content_hash', models.CharField(max_length=64)),
                ('lexemes', django.contrib.postgres.search.SearchVectorField()),
                ('length', models.PositiveIntegerField(default=0)),
                ('lexical', pgvector.django.sparsevec.SparseVectorField(dimensions=1000000000, null=True)),
                ('indexed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='resources.indexversion')),
                ('resource', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='index_entries', to='resources.resource')),
            ],
            options={
                'verbose_name_plural': 'index entries',
            },
        ),
        migrations.CreateModel(
            name='Facet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('text', models.CharField(max_length=300)),
                ('resource', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='facets', to='resources.resource')),
            ],
            options={
                'ordering': ['resource_id', 'position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Topic',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='resources.topic')),
            ],
            options={
                'ordering': ['slug'],
            },
        ),
        migrations.AddField(
            model_name='resource',
            name='topics',
            field=models.ManyToManyField(blank=True, related_name='resources', to='resources.topic'),
        ),
        migrations.CreateModel(
            name='DenseVector',
            fields=[
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='dense', serialize=False, to='resources.indexentry')),
                ('content_hash', models.CharField(max_length=64)),
                ('embedding', pgvector.django.halfvec.HalfVectorField()),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='resources.indexversion')),
            ],
        ),
        migrations.CreateModel(
            name='FacetVector',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('embedding', pgvector.django.halfvec.HalfVectorField()),
                ('facet', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='vectors', to='resources.facet')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='resources.indexversion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('version', 'facet'), name='one_vector_a_facet')],
            },
        ),
        migrations.CreateModel(
            name='DocumentFrequency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('documents', models.PositiveIntegerField()),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='resources.indexversion')),
                ('lexeme', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='resources.lexeme')),
            ],
            options={
                'verbose_name_plural': 'document frequencies',
                'constraints': [models.UniqueConstraint(fields=('version', 'lexeme'), name='one_frequency_a_lexeme')],
            },
        ),
        migrations.AddConstraint(
            model_name='indexentry',
            constraint=models.UniqueConstraint(fields=('version', 'resource'), name='one_entry_a_version'),
        ),
    ]
