from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('pricing', '0023_second_opinions'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='transaction',
            index=models.Index(fields=['invoice_date'], name='pricing_transaction_moment'),
        ),
        # Its entries held an id each, which take more room than everything else in it.
        migrations.RemoveIndex(
            model_name='transaction',
            name='pricing_transaction_newest',
        ),
    ]
