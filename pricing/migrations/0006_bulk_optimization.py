
import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import elastix.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('elastix', '0004_competitor_price_imports'),
        ('pricing', '0005_product_pairs'),
    ]

    operations = [
        migrations.CreateModel(
            name='BulkOptimization',
            fields=[
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='bulk_optimization', serialize=False, to='elastix.job')),
                ('computed_at', models.DateTimeField()),
                ('batch', models.UUIDField(blank=True, null=True, unique=True)),
                ('proposed', models.IntegerField(default=0, help_text='Prices in that batch.')),
                ('proposed_at', models.DateTimeField(blank=True, null=True)),
                ('proposed_by', models.CharField(blank=True, max_length=150)),
                ('left_out', models.JSONField(blank=True, default=list)),
            ],
            options={
                'ordering': ('-job',),
            },
        ),
        migrations.CreateModel(
            name='CategorySummary',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('category', elastix.fields.SortedCharField(blank=True, max_length=100, unique=True)),
                ('products', models.IntegerField(help_text='Active merchandise.')),
                ('revenue', models.DecimalField(decimal_places=4, max_digits=24)),
                ('margin', models.FloatField(blank=True, help_text='Fraction of the revenue with a known cost.', null=True)),
                ('cost_known', models.FloatField(blank=True, help_text='Share of the revenue with a known cost.', null=True)),
                ('elasticity', models.FloatField(blank=True, help_text='Mean of the published, weighted by revenue.', null=True)),
                ('to_change', models.IntegerField(help_text='Products whose price is recommended to change.')),
                ('revenue_change', models.FloatField()),
                ('profit_change', models.FloatField()),
                ('profit_change_low', models.FloatField(help_text='10 % limit.')),
                ('profit_change_high', models.FloatField(help_text='90 % limit.')),
                ('published_version', models.BigIntegerField()),
                ('catalogue_version', models.BigIntegerField()),
                ('computed_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'category summaries',
                'ordering': ('category',),
                'constraints': [models.CheckConstraint(condition=django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length(models.F('category')), 100), name='pricing_categorysummary_category_length'), models.CheckConstraint(condition=models.Q(('products__gte', 1)), name='pricing_categorysummary_products_range')],
            },
        ),
        migrations.CreateModel(
            name='BulkRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('current_price', models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True)),
                ('recommended_price', models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True)),
                ('changes', models.BooleanField(help_text='The recommended price is another one than the present.')),
                ('reason', models.CharField(help_text='Why this price, in one word.', max_length=30)),
                ('confidence', models.FloatField()),
                ('risk_level', models.CharField(choices=[('low', 'Low'), ('medium', 'Medium'), ('high', 'High')], max_length=6)),
                ('elasticity', models.FloatField(blank=True, null=True)),
                ('quality', models.CharField(blank=True, max_length=1)),
                ('cost', models.FloatField(blank=True, null=True)),
                ('cost_assumed', models.BooleanField()),
                ('limits', models.TextField(blank=True, help_text='Guardrails that shaped the price.')),
                ('warnings', models.TextField(blank=True)),
                ('quantity_now', models.FloatField(blank=True, null=True)),
                ('quantity', models.FloatField(blank=True, null=True)),
                ('revenue_now', models.FloatField(blank=True, null=True)),
                ('revenue', models.FloatField(blank=True, null=True)),
                ('profit_now', models.FloatField(blank=True, null=True)),
                ('profit', models.FloatField(blank=True, null=True)),
                ('profit_low', models.FloatField(blank=True, help_text='10 % limit.', null=True)),
                ('profit_high', models.FloatField(blank=True, help_text='90 % limit.', null=True)),
                ('profit_change', models.FloatField(blank=True, null=True)),
                ('probability_of_gain', models.FloatField(blank=True, null=True)),
                ('optimization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='pricing.bulkoptimization')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='pricing.product')),
            ],
            options={
                'ordering': ('optimization', 'product'),
                'constraints': [models.UniqueConstraint(fields=('optimization', 'product'), name='pricing_bulkrow_once'), models.CheckConstraint(condition=models.Q(('risk_level', 'low'), ('risk_level', 'medium'), ('risk_level', 'high'), _connector='OR'), name='pricing_bulkrow_risk_level_choice')],
            },
        ),
    ]
