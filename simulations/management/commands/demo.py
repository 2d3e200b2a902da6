"""One command to see the system at work."""

import socket
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from elastix.command import ElastixCommand
from simulations.services.demo import NotEmpty, demo_finish, demo_is_loaded, demo_load
from simulations.services.demo_life import demo_logins

PORTS_TRIED = 20
BANNER = """
  The desk                    {address}/
{logins}
  API and its documentation   {address}/docs
  Elasticities                {address}/elasticity?limit=5
  Segments                    {address}/dashboard/segments
  The Iced Latte              {address}/api/analytics/elasticity/P001
  What it should cost         {address}/api/price/recommend/P001
  What to know of it          {address}/api/insights/P001
  Admin                       {address}/admin/, the same users

  The API answers programs on this machine without a login. Stop with Ctrl+C.
"""


class Command(ElastixCommand):
    help = "Make a demonstration shop with known elasticities (once), compute, and serve it on this machine."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="the first port to try (default: 8000)")
        parser.add_argument("--no-serve", action="store_true", help="make and compute the shop, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("ALLOWED_HOSTS names other machines: the demonstration only serves this one.")
        call_command("migrate", verbosity=0, interactive=False)
        self._make_shop()
        if not options["no_serve"]:
            self._serve(self._free_port(options["port"]))

    def _make_shop(self) -> None:
        try:
            if demo_is_loaded():
                self.stdout.write("The demonstration shop is there already.")
                return
        except NotEmpty as error:
            raise CommandError(str(error)) from error
        from simulations.generator.shop import generate_shop

        self.stdout.write("Making the shop: 300 products, 3,000 customers, two years of sales ...")
        shop = generate_shop()
        self.stdout.write(f"Importing {shop.lines.product.size:,} sales lines and computing ...")
        for batch in demo_load(shop):
            if batch.error:
                raise CommandError(f"{batch.file_name}: {batch.error}")
        demo_finish(shop)

    def _serve(self, port: int) -> None:
        settings.OPEN_API = True
        # The shop's calendar stands still: its rules would rest for ever.
        settings.DATA_STALE_AFTER = timedelta.max
        logins = "\n".join(
            f"{'':30}{name}, password {password}: {role}" for name, role, password in demo_logins()
        )
        self.stdout.write(BANNER.format(address=f"http://127.0.0.1:{port}", logins=logins))
        call_command("runserver", f"127.0.0.1:{port}", use_reloader=False, skip_checks=True)

    @staticmethod
    def _free_port(first: int) -> int:
        for port in range(first, first + PORTS_TRIED):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                return port
        raise CommandError(
            f"Ports {first} to {first + PORTS_TRIED - 1} are all taken. Choose one with --port."
        )
