from django.db import migrations, models

FILL = """
UPDATE resources_facetvector v SET role = f.role FROM resources_facet f WHERE f.id = v.facet_id
"""


class Migration(migrations.Migration):
    dependencies = [("resources", "0006_lexical_vectors_apart")]

    operations = [
        migrations.AddField(
            model_name="facetvector",
            name="role",
            field=models.CharField(
                choices=[
                    ("case", "a learner's case, shown as the reason"),
                    ("ask", "a learner's question, searched only"),
                ],
                default="case",
                max_length=8,
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
