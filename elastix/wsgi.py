"""Entry point of web servers."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "elastix.settings")

application = get_wsgi_application()

from elastix.jobs.scheduler import start_scheduler  # noqa: E402  (needs the apps to be loaded)

start_scheduler()
