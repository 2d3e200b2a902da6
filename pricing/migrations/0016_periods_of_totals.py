from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pricing", "0015_staged_lines_and_superseded")]

    operations = [
        migrations.AddField(
            model_name="productsummary",
            name="line_days",
            field=models.SmallIntegerField(
                default=0, editable=False, help_text="Days that a line sums up: 1, 7 or 30; 0 for purchases."
            ),
        ),
        migrations.AddField(
            model_name="productsummary",
            name="dated_last",
            field=models.BooleanField(
                default=False, editable=False, help_text="Whether a total's date is its period's last day."
            ),
        ),
    ]
