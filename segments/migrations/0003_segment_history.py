"""The segments that customers were in at each run, and the country of their last purchase."""

import django.db.models.deletion
import django.db.models.functions.text
import django.db.models.lookups
import elastix.fields
from django.db import migrations, models

SEGMENT = dict(blank=True, choices=[('Champion', 'Champion'), ('LoyalCustomers', 'Loyal Customers'), ('PotentialLoyalists', 'Potential Loyalists'), ('AtRisk', 'At Risk'), ('Hibernating', 'Hibernating'), ('Lost', 'Lost')], max_length=18)


class Migration(migrations.Migration):
    dependencies = [
        ('segments', '0002_quantities_and_ids'),
    ]

    operations = [
        migrations.CreateModel(
            name='SegmentRun',
            fields=[
                ('as_of', models.DateField(primary_key=True, serialize=False)),
                ('published_at', models.DateTimeField()),
                ('worked_out_later', models.BooleanField(default=False, help_text='From the sales before the day, by the first publish after it.')),
            ],
            options={'ordering': ('as_of',)},
        ),
        migrations.CreateModel(
            name='SegmentMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='moves', to='segments.segmentrun')),
                ('customer_id', elastix.fields.SortedCharField(max_length=64)),
                ('segment_before', models.CharField(**SEGMENT)),
                ('segment', models.CharField(**SEGMENT)),
            ],
            options={
                'ordering': ('run', 'customer_id'),
                'indexes': [models.Index(fields=['customer_id', 'run'], name='segments_move_customer')],
                'constraints': [
                    models.UniqueConstraint(fields=('run', 'customer_id'), name='segments_move_once'),
                    models.CheckConstraint(condition=django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length(models.F('customer_id')), 64), name='segments_segmentmove_customer_id_length'),
                    models.CheckConstraint(condition=models.Q(('segment', models.F('segment_before')), _negated=True), name='segments_move_moves'),
                ],
            },
        ),
        migrations.AddField(
            model_name='customersegment',
            name='country',
            field=elastix.fields.SortedCharField(blank=True, default='', help_text='Of the last purchase.', max_length=60),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name='customersegment',
            index=models.Index(fields=['-monetary', 'customer_id'], name='segments_customer_monetary'),
        ),
    ]
