"""Quantities with 3 decimals, ids of up to 64 characters."""

import django.db.models.functions.text
import django.db.models.lookups
import elastix.fields
from django.db import migrations, models

from elastix.migration_operations import RebuildTables


class Migration(migrations.Migration):
    dependencies = [
        ('segments', '0001_initial'),
    ]

    operations = [
        RebuildTables(("CustomerSegment", "SegmentSales"), [
        migrations.RemoveConstraint(
            model_name='customersegment',
            name='segments_customersegment_customer_id_length',
        ),
        migrations.AlterField(
            model_name='customersegment',
            name='customer_id',
            field=elastix.fields.SortedCharField(max_length=64, primary_key=True, serialize=False),
        ),
        migrations.AlterField(
            model_name='segmentsales',
            name='quantity',
            field=elastix.fields.QuantityField(decimal_places=3, default=0, help_text='Units, net of cancellations and returns.', max_digits=18),
        ),
        migrations.AddConstraint(
            model_name='customersegment',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length(models.F('customer_id')), 64), name='segments_customersegment_customer_id_length'),
        ),
        ])
    ]
