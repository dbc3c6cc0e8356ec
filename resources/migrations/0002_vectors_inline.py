"""Keep vectors in the row: fetched from TOAST, an exact scan took nine times as long (42 ms, 10k × 768).

A sparse vector of a long text can outgrow a page, so it may move out as the last resort (MAIN).
"""

from django.db import migrations

INLINE = """
ALTER TABLE resources_densevector ALTER COLUMN embedding SET STORAGE PLAIN;
ALTER TABLE resources_facetvector ALTER COLUMN embedding SET STORAGE PLAIN;
ALTER TABLE resources_indexentry ALTER COLUMN lexical SET STORAGE MAIN;
ALTER TABLE resources_indexentry SET (toast_tuple_target = 8160);
"""
AS_BEFORE = """
ALTER TABLE resources_densevector ALTER COLUMN embedding SET STORAGE EXTERNAL;
ALTER TABLE resources_facetvector ALTER COLUMN embedding SET STORAGE EXTERNAL;
ALTER TABLE resources_indexentry ALTER COLUMN lexical SET STORAGE EXTERNAL;
ALTER TABLE resources_indexentry RESET (toast_tuple_target);
"""


class Migration(migrations.Migration):
    dependencies = [("resources", "0001_initial")]

    operations = [migrations.RunSQL(INLINE, AS_BEFORE)]
