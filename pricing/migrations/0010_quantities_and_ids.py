"""Quantities with 3 decimals, ids of up to 64 characters."""

import django.core.validators
import django.db.models.functions.text
import django.db.models.lookups
import elastix.fields
from django.db import migrations, models

from elastix.migration_operations import RebuildTables


class Migration(migrations.Migration):
    dependencies = [
        ('elastix', '0006_import_kinds_of_apps'),
        ('pricing', '0009_base_demand'),
    ]

    operations = [
        RebuildTables(("Product", "ProductSummary", "SalesHistory", "StagedTransaction", "StaleCustomer", "Transaction"), [
        migrations.RemoveConstraint(
            model_name='transaction',
            name='pricing_transaction_invoice_no_length',
        ),
        migrations.RemoveConstraint(
            model_name='transaction',
            name='pricing_transaction_customer_id_length',
        ),
        migrations.AlterField(
            model_name='product',
            name='stock_level',
            field=elastix.fields.QuantityField(blank=True, decimal_places=3, max_digits=18, null=True, validators=[django.core.validators.MinValueValidator(-10000000), django.core.validators.MaxValueValidator(10000000)]),
        ),
        migrations.AlterField(
            model_name='product',
            name='target_stock',
            field=elastix.fields.QuantityField(blank=True, decimal_places=3, max_digits=18, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(10000000)]),
        ),
        migrations.AlterField(
            model_name='productsummary',
            name='monthly_sales',
            field=elastix.fields.QuantityField(decimal_places=3, default=0, help_text='Units in the 30 days before the as-of date.', max_digits=18),
        ),
        migrations.AlterField(
            model_name='productsummary',
            name='total_quantity',
            field=elastix.fields.QuantityField(decimal_places=3, default=0, help_text='Units sold, net of cancellations and returns.', max_digits=18),
        ),
        migrations.AlterField(
            model_name='saleshistory',
            name='quantity',
            field=elastix.fields.QuantityField(decimal_places=3, default=0, max_digits=18),
        ),
        migrations.AlterField(
            model_name='saleshistory',
            name='returned_quantity',
            field=elastix.fields.QuantityField(decimal_places=3, default=0, max_digits=18),
        ),
        migrations.AlterField(
            model_name='stagedtransaction',
            name='customer_id',
            field=elastix.fields.SortedCharField(blank=True, max_length=64, null=True),
        ),
        migrations.AlterField(
            model_name='stagedtransaction',
            name='invoice_no',
            field=elastix.fields.SortedCharField(max_length=64),
        ),
        migrations.AlterField(
            model_name='stagedtransaction',
            name='quantity',
            field=elastix.fields.QuantityField(decimal_places=3, help_text='Units; negative for a return.', max_digits=18, validators=[django.core.validators.MinValueValidator(-999999), django.core.validators.MaxValueValidator(999999)]),
        ),
        migrations.AlterField(
            model_name='stalecustomer',
            name='customer_id',
            field=elastix.fields.SortedCharField(max_length=64, primary_key=True, serialize=False),
        ),
        migrations.AlterField(
            model_name='transaction',
            name='customer_id',
            field=elastix.fields.SortedCharField(blank=True, max_length=64, null=True),
        ),
        migrations.AlterField(
            model_name='transaction',
            name='invoice_no',
            field=elastix.fields.SortedCharField(max_length=64),
        ),
        migrations.AlterField(
            model_name='transaction',
            name='quantity',
            field=elastix.fields.QuantityField(decimal_places=3, help_text='Units; negative for a return.', max_digits=18, validators=[django.core.validators.MinValueValidator(-999999), django.core.validators.MaxValueValidator(999999)]),
        ),
        migrations.AddConstraint(
            model_name='transaction',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length(models.F('invoice_no')), 64), name='pricing_transaction_invoice_no_length'),
        ),
        migrations.AddConstraint(
            model_name='transaction',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length(models.F('customer_id')), 64), name='pricing_transaction_customer_id_length'),
        ),
        ])
    ]
