from django.db import migrations, models


def stage_without_log(apps, schema_editor):
    """Rows of an import in progress: lost in a crash, which ends the import, too. They need no write-ahead log."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE pricing_stagedtransaction SET UNLOGGED")


def stage_with_log(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE pricing_stagedtransaction SET LOGGED")


class Migration(migrations.Migration):

    dependencies = [
        ('pricing', '0019_price_holds'),
    ]

    operations = [
        # Ascending, as lines come: pages fill up, where new entries before all others leave them half empty.
        migrations.RemoveIndex(
            model_name='transaction',
            name='pricing_transaction_newest',
        ),
        migrations.AddIndex(
            model_name='transaction',
            index=models.Index(fields=['invoice_date', 'id'], name='pricing_transaction_newest'),
        ),
        migrations.RunPython(stage_without_log, stage_with_log),
    ]
