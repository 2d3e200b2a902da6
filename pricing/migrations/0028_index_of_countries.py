from django.db import migrations, models

from elastix.migration_operations import AddIndexWithoutLock


class Migration(migrations.Migration):
    # An index is built concurrently outside a transaction.
    atomic = False

    dependencies = [
        ('pricing', '0027_recommendation_notified_at'),
    ]

    operations = [
        AddIndexWithoutLock(
            model_name='transaction',
            index=models.Index(fields=['product', 'date', 'country'], name='pricing_transaction_country'),
        ),
        migrations.RemoveIndex(
            model_name='transaction',
            name='pricing_transaction_day',
        ),
    ]
