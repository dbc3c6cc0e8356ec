import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='LearningSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session_id', models.CharField(max_length=128, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('last_seen_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'ordering': ['-last_seen_at'],
            },
        ),
        migrations.CreateModel(
            name='Interaction',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('query', models.TextField()),
                ('filters', models.JSONField(default=dict)),
                ('results', models.JSONField(default=list, help_text='Resource id, score and the score of each leg, in order.')),
                ('relaxed', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None)),
                ('advice', models.TextField(blank=True)),
                ('advice_source', models.CharField(blank=True, max_length=16)),
                ('degraded', models.BooleanField(default=False)),
                ('degraded_reasons', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None)),
                ('model', models.CharField(blank=True, max_length=200)),
                ('model_digest', models.CharField(blank=True, max_length=100)),
                ('index_version_id', models.BigIntegerField(null=True)),
                ('timings', models.JSONField(default=dict, help_text='Milliseconds by stage.')),
                ('took_ms', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False)),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='interactions', to='learning_sessions.learningsession')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
    ]
