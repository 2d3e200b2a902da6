"""The two factors of a forecast under the names that the trade has for them; no value changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('pricing', '0007_boosted_forecasts'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='demandforecast', name='pricing_demandforecast_rate_range'),
        migrations.RemoveConstraint(model_name='demandforecast', name='pricing_demandforecast_size_range'),
        migrations.RenameField(model_name='demandforecast', old_name='rate', new_name='purchase_frequency'),
        migrations.RenameField(model_name='demandforecast', old_name='size', new_name='units_per_purchase'),
        migrations.RenameField(model_name='demandforecast', old_name='is_young', new_name='is_new'),
        migrations.AlterField(
            model_name='demandforecast',
            name='purchase_frequency',
            field=models.FloatField(help_text='Purchases (sale lines) on an average day.'),
        ),
        migrations.AlterField(
            model_name='demandforecast',
            name='exposure',
            field=models.FloatField(help_text='Days the frequency rests on; old ones count less.'),
        ),
        migrations.AlterField(
            model_name='demandforecast',
            name='units_per_purchase',
            field=models.FloatField(),
        ),
        migrations.AlterField(
            model_name='demandforecast',
            name='method',
            field=models.CharField(
                choices=[
                    ('lines', 'purchases a day times units per purchase'),
                    ('mean', 'mean of a short history'),
                    ('category', "own few sales beside the category's usual frequency"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name='demandforecast',
            constraint=models.CheckConstraint(condition=models.Q(('purchase_frequency__gte', 0)), name='pricing_demandforecast_purchase_frequency_range'),
        ),
        migrations.AddConstraint(
            model_name='demandforecast',
            constraint=models.CheckConstraint(condition=models.Q(('units_per_purchase__gte', 0)), name='pricing_demandforecast_units_per_purchase_range'),
        ),
    ]
