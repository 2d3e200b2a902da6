"""Tokens of our own, of which only digests are kept; those of rest_framework.authtoken are taken over, so that clients stay
logged in, and its table, which held them in the clear, goes."""

import hashlib

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OLD = "authtoken_token"


def take_over(apps, schema_editor):
    connection = schema_editor.connection
    if OLD not in connection.introspection.table_names():
        return
    ApiToken = apps.get_model("elastix", "ApiToken")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT key, user_id FROM {OLD}")
        rows = cursor.fetchall()
    ApiToken.objects.bulk_create(
        [
            ApiToken(
                user_id=user,
                name="from an earlier version",
                prefix=key[:8],
                digest=hashlib.sha256(key.encode()).hexdigest(),
            )
            for key, user in rows
        ],
        batch_size=500,
    )
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {OLD}")
    apps.get_model("contenttypes", "ContentType").objects.filter(app_label="authtoken").delete()


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('elastix', '0007_kept_answers'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='What it is for.', max_length=100)),
                ('prefix', models.CharField(editable=False, help_text='How it begins, to tell it from others.', max_length=12)),
                ('digest', models.CharField(editable=False, help_text='SHA-256 of the token, in hex.', max_length=64, unique=True)),
                ('scope', models.CharField(choices=[('read', 'read: what a viewer may'), ('full', 'full: what its user may')], default='full', max_length=4)),
                ('by_login', models.BooleanField(default=False, editable=False, help_text='Whether POST /api/token made it.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(blank=True, help_text='Empty: never.', null=True)),
                ('last_used_at', models.DateTimeField(editable=False, help_text='To within an hour.', null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'API token',
                'ordering': ('-created_at', '-pk'),
            },
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
