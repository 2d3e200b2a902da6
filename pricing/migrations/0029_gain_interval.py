from typing import Any

from django.db import migrations, models
from django.db.models import F


def gains_until_the_next_look(apps: Any, schema_editor: Any) -> None:
    """What was taken for the interval until now; the next look at the prices brings the right one."""
    rows = apps.get_model("pricing", "StandingRecommendation").objects
    rows.update(gain_low=F("profit_low") - F("profit_now"), gain_high=F("profit_high") - F("profit_now"))


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
        migrations.RunPython(gains_until_the_next_look, migrations.RunPython.noop, elidable=True),
    ]
