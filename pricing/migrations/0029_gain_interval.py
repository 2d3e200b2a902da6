from django.db import migrations, models


def _field(name: str, help_text: str) -> list[migrations.AddField]:
    return [
        migrations.AddField(model, name, models.FloatField(null=True, blank=True, help_text=help_text))
        for model in ("bulkrow", "standingrecommendation")
    ]


class Migration(migrations.Migration):
    dependencies = [("pricing", "0028_index_of_countries")]

    operations = [
        *_field("gain_low", "10 % limit of the change of profit."),
        *_field("gain_high", "90 % limit of it."),
    ]
