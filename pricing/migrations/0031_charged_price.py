from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pricing", "0030_gains_until_the_next_look")]

    operations = [
        migrations.AddField(
            "productsummary",
            "charged_price",
            models.DecimalField(
                max_digits=12,
                decimal_places=4,
                null=True,
                blank=True,
                help_text="List price that the newest sales show, promotions and dips of late apart.",
            ),
        ),
    ]
