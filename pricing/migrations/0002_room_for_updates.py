"""Leave room in the pages of the roll-up: a recompute updates every row once, next to the old one."""

from django.db import migrations


def leave_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE pricing_saleshistory SET (fillfactor = 50)")


class Migration(migrations.Migration):
    dependencies = [("pricing", "0001_initial")]

    operations = [migrations.RunPython(leave_room, migrations.RunPython.noop)]
