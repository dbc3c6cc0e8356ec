from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("resources", "0003_documents_and_versions")]

    operations = [
        migrations.AddField(
            model_name="document",
            name="root",
            field=models.TextField(
                default="", help_text="The folder that was read: two trees can have one name."
            ),
            preserve_default=False,
        ),
    ]
