from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0026_product_costs"),
    ]

    operations = [
        # The column keeps its name: servers of the former release go on reading it.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("recommendation", "told_at", "notified_at"),
                migrations.AlterField(
                    model_name="recommendation",
                    name="notified_at",
                    field=models.DateTimeField(
                        blank=True, db_column="told_at", help_text="When a digest named it.", null=True
                    ),
                ),
            ]
        ),
    ]
