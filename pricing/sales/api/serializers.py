"""Former place of names that other apps import, until every caller imports them from their new ones."""

from pricing.sales.api.fields import CodeField as CodeField
from pricing.sales.api.imports import AcceptedSerializer as AcceptedSerializer
from pricing.sales.api.imports import ImportSerializer as ImportSerializer
