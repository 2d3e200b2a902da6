import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('market', '0003_repricing'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='repricingrule',
            name='market_repricingrule_whose_say',
        ),
        migrations.RenameField(
            model_name='repricingrule',
            old_name='returns',
            new_name='revert_when_inactive',
        ),
        migrations.RenameField(
            model_name='repricingrule',
            old_name='may_apply_by',
            new_name='auto_apply_approved_by',
        ),
        migrations.RenameField(
            model_name='repricingrule',
            old_name='may_apply_at',
            new_name='auto_apply_approved_at',
        ),
        migrations.AddConstraint(
            model_name='repricingrule',
            constraint=models.CheckConstraint(
                condition=models.Q(('may_apply', False), models.Q(('auto_apply_approved_by', ''), _negated=True), _connector='OR'),
                name='market_repricingrule_approved',
            ),
        ),
        migrations.AlterField(
            model_name='repricingrule',
            name='auto_apply_approved_by',
            field=models.CharField(blank=True, editable=False, max_length=150),
        ),
        migrations.AlterField(
            model_name='repricingrule',
            name='dry_run',
            field=models.BooleanField(default=False, help_text='It only records what it would do.'),
        ),
        migrations.AlterField(
            model_name='repricingrule',
            name='may_apply',
            field=models.BooleanField(default=False, help_text='It changes prices itself, approved by the manager who saved it last, instead of proposing.'),
        ),
        migrations.AlterField(
            model_name='repricingrule',
            name='unchanged_days',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Fires where the price has not changed for this many days.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3650)]),
        ),
        migrations.AlterField(
            model_name='repricingrun',
            name='stopped',
            field=models.CharField(blank=True, help_text='Why it did nothing, or did not finish.', max_length=255),
        ),
    ]
