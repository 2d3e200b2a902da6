"""How many products have an estimate of which grade."""

from django.db.models import Count, F

from pricing.elasticity.models import Grade, Method
from pricing.sales.selectors.products import merchandise


def grade_counts() -> dict[str, int]:
    """The active merchandise by the grade of its pooled elasticity; all four grades are named. One query."""
    graded = merchandise().filter(elasticities__method=Method.POOLED).values(grade=F("elasticities__quality"))
    found = dict(graded.annotate(products=Count("pk")).values_list("grade", "products"))
    return {grade: found.get(grade, 0) for grade in Grade.values}
