from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0025_index_of_moments"),
    ]

    operations = [
        migrations.RenameField("recommendation", "told_at", "notified_at"),
    ]
