"""Former place of `products_matching`, until every caller imports it from its new one."""

from pricing.sales.selectors.products import products_matching as products_matching
