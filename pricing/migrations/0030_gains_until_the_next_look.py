from typing import Any

from django.db import migrations
from django.db.models import F


def gains_until_the_next_look(apps: Any, schema_editor: Any) -> None:
    """What was taken for the interval until now; the next look at the prices brings the right one."""
    rows = apps.get_model("pricing", "StandingRecommendation").objects
    rows.update(gain_low=F("profit_low") - F("profit_now"), gain_high=F("profit_high") - F("profit_now"))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("pricing", "0029_gain_interval")]

    operations = [migrations.RunPython(gains_until_the_next_look, migrations.RunPython.noop, elidable=True)]
