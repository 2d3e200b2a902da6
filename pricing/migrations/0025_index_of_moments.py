from django.db import migrations, models

from elastix.migration_operations import AddIndexWithoutLock


class Migration(migrations.Migration):
    # An index is built concurrently outside a transaction.
    atomic = False

    dependencies = [
        ('pricing', '0024_price_relations'),
    ]

    operations = [
        AddIndexWithoutLock(
            model_name='transaction',
            index=models.Index(fields=['invoice_date'], name='pricing_transaction_moment'),
        ),
        # Its entries held an id each, which take more room than everything else in it.
        migrations.RemoveIndex(
            model_name='transaction',
            name='pricing_transaction_newest',
        ),
    ]
