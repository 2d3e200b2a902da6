"""Why a recommended price is what it is, and what would change that, in a sentence each."""

from typing import Any, Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from pricing.recommendation.core import limits, recommendation
from pricing.recommendation.selectors import pricing_inputs
from pricing.recommendation.selectors.standing import HELD


class Reason(NamedTuple):
    """A reason of the API for people: its name, what it means, and what would change it."""

    name: Any
    meaning: Any
    remedy: Any


MOVES: Final = {
    recommendation.BEST_PRICE: _("nothing"),
    recommendation.GUARDRAIL: _("a limit of the price"),
    recommendation.INELASTIC_AT_BOUND: _("only a limit: buyers hardly answer to the price"),
    recommendation.RULE_PRICE: _("nothing"),
}
"""What a price that is recommended to change is limited by, where no rule is named."""

REASONS: Final = {
    recommendation.UNCERTAIN_GAIN: Reason(
        _("The gain is not sure enough"),
        _("Another price looks better, but brings more with a probability of less than 80 %."),
        _("More sales at different prices: try another price for two weeks, or wait for sales to come in."),
    ),
    recommendation.NO_BETTER_PRICE: Reason(
        _("The price is right"),
        _("No other allowed price is expected to do noticeably better."),
        _("Wider limits in the policy, another cost, or other competitors' prices."),
    ),
    recommendation.RELATION: Reason(
        _("Bound to related prices"),
        _(
            "Another price would do better, but its relation to the prices of other products does not allow it alone."
        ),
        _("One proposal for all of the related products, or another relation: see Price relations."),
    ),
    recommendation.HOLD: Reason(
        _("Changed only lately"),
        _("Before another change, sales at this price should show what it does."),
        _("A few more days with sales: load newer ones."),
    ),
    recommendation.COOLDOWN: Reason(
        _("It rests after a change"),
        _("The policy wants a price left alone for a while after a change."),
        _("The end of the rest, or fewer days of it in the policy."),
    ),
    recommendation.NO_COST: Reason(
        _("The cost is not known"),
        _("Without it, profits at other prices cannot be compared."),
        _("A file of products with costs, or an assumed share of the price in the policy."),
    ),
    limits.NO_FLOOR: Reason(
        _("Nothing says what is too cheap"),
        _("Neither a cost nor a minimum price is known."),
        _("A cost, or a minimum price in the policy."),
    ),
    recommendation.NO_ELASTICITY: Reason(
        _("How buyers answer is not known"),
        _("There are too few sales to tell how demand answers to the price."),
        _("More sales, at more than one price."),
    ),
    recommendation.POSITIVE_ELASTICITY: Reason(
        _("Sales seem to rise with the price"),
        _("That points to a fault in the data rather than to a reason for another price."),
        _("A look at the product's sales: a promotion, a pack of another size, two products under one code."),
    ),
    recommendation.NOT_CONVERGED: Reason(
        _("The estimate did not come to an end"),
        _("The computation of the elasticity stopped before it settled."),
        _("The next computation, at night or on demand."),
    ),
    recommendation.NO_TARGET: Reason(
        _("The policy names no target"),
        _("Its strategy needs a target margin or a markup, and none is set."),
        _("A target margin or a markup in the policy."),
    ),
    limits.INFEASIBLE: Reason(
        _("The limits leave no price"),
        _("The limits contradict each other for this product: those of a policy, of costs, or built in."),
        _("A policy whose limits can all be kept: look at the limits on the product's page."),
    ),
    pricing_inputs.NO_PRICE: Reason(
        _("No price is known"),
        _("There is none to start from."),
        _("A price set by hand, or sales with prices."),
    ),
    HELD: Reason(
        _("The price is held"),
        _("A price experiment tests it: nobody else may change it meanwhile."),
        _("The end of the experiment, or a manager who pauses it."),
    ),
    pricing_inputs.SERVICE: Reason(
        _("A service"), _("Postage and fees are never priced."), _("Nothing: it is no merchandise.")
    ),
}
"""Why a price stays as it is."""

SECOND_PERSON: Final = _(
    "A second person who may approve prices is needed, since nobody approves their own: an admin adds one under the gear at "
    "the top, Users."
)
