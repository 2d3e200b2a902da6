from django.apps import AppConfig


class PricingConfig(AppConfig):
    name = "pricing"
    verbose_name = "Catalogue, sales and elasticities"

    def ready(self) -> None:
        from pricing import registration

        registration.register()
