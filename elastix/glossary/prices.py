"""Terms for recommended prices: reasons, limits, warnings."""

from django.utils.translation import gettext_lazy as _

from elastix.glossary.table import Words

LIMIT_TERMS: Words = {
    "cost_floor": (
        _("floor above the cost"),
        _("A price must be at least 1.1 times the cost."),
    ),
    "cost": (
        _("cost"),
        _("No price may be below the cost."),
    ),
    "target_margin": (
        _("target margin"),
        _("The price must leave the target margin of the policy."),
    ),
    "minimum_margin": (
        _("minimum margin"),
        _("The price must leave the minimum margin of the policy."),
    ),
    "min_price": (
        _("lowest price of the policy"),
        _("The policy allows no lower price."),
    ),
    "max_price": (
        _("highest price of the policy"),
        _("The policy allows no higher price."),
    ),
    "max_decrease": (
        _("largest decrease"),
        _("One change may lower the price by no more than the policy allows."),
    ),
    "max_increase": (
        _("largest increase"),
        _("One change may raise the price by no more than the policy allows."),
    ),
    "competitor_floor": (
        _("not far below competitors"),
        _("The policy keeps the price from falling far below competitors' prices."),
    ),
    "competitor_ceiling": (
        _("not far above competitors"),
        _("The policy keeps the price from rising far above competitors' prices."),
    ),
    "relation_floor": (
        _("not too low beside related products"),
        _("The price must keep its relation to the prices of related products: it may not be lower."),
    ),
    "relation_ceiling": (
        _("not too high beside related products"),
        _("The price must keep its relation to the prices of related products: it may not be higher."),
    ),
    "price_ceiling": (
        _("ceiling above the cost"),
        _("No price may exceed 5 times the cost or today's price, whichever is more."),
    ),
    "day_decrease": (
        _("largest decrease of a day"),
        _("Rules may lower a price by no more than this within a day."),
    ),
    "day_increase": (
        _("largest increase of a day"),
        _("Rules may raise a price by no more than this within a day."),
    ),
}

REASON_TERMS: Words = {
    "BEST_PRICE": (
        _("best price"),
        _("The price earns most of those allowed, and the gain is likely enough."),
    ),
    "RULE_PRICE": (
        _("price by formula"),
        _("The policy's formula, a target margin or a markup, gives this price."),
    ),
    "TOGETHER": (
        _("chosen together"),
        _("The prices of several products were chosen for what they earn together."),
    ),
    "GUARDRAIL": (
        _("brought within limits"),
        _("Today's price lies outside the limits; this is the nearest one inside."),
    ),
    "INELASTIC_AT_BOUND": (
        _("limit decides"),
        _("A higher price would earn more still, but a limit ends there."),
    ),
    "NO_BETTER_PRICE": (
        _("no better price"),
        _("None of the prices allowed is expected to earn more than today's."),
    ),
    "RELATION": (
        _("bound to related prices"),
        _(
            "Another price would earn more, but its relation to the prices of other products does not allow it alone."
        ),
    ),
    "UNCERTAIN_GAIN": (
        _("gain too uncertain"),
        _("Another price may earn more, but that is not likely enough to change it."),
    ),
    "COOLDOWN": (
        _("changed lately"),
        _("The price was changed only lately, and the policy wants it left alone for a while."),
    ),
    "HOLD": (
        _("wait for sales"),
        _("The price was changed only lately: before another change, sales should show what it does."),
    ),
    "INFEASIBLE": (
        _("no price is allowed"),
        _("The limits contradict each other: no price keeps to all of them."),
    ),
    "NO_FLOOR": (
        _("no lower limit"),
        _("Neither a cost nor a minimum price is known, so nothing says what would be too cheap."),
    ),
    "NO_COST": (
        _("no cost"),
        _("The cost is not known, so profits at other prices cannot be compared."),
    ),
    "NO_TARGET": (
        _("no target"),
        _("The strategy needs a target margin or a markup, and none is set."),
    ),
    "POSITIVE_ELASTICITY": (
        _("sales rise with the price"),
        _("Sales seem to rise with the price, which points to a fault in the data."),
    ),
    "SERVICE": (
        _("service"),
        _("Postage, fees and the like are kept as transactions and never priced."),
    ),
}

WARNING_TERMS: Words = {
    "COST_ASSUMED": (
        _("cost assumed"),
        _("The cost is assumed, which lowers the confidence."),
    ),
    "COST_UNKNOWN": (
        _("cost unknown"),
        _("The cost of a product is not known, so profits are not either."),
    ),
    "BELOW_COST": (
        _("below cost"),
        _("Today's price is below the cost."),
    ),
    "NEAR_COST": (
        _("near the cost"),
        _("The price is below 1.1 times the cost."),
    ),
    "OUTSIDE_LIMITS": (
        _("outside the limits"),
        _("Today's price lies outside the prices allowed."),
    ),
    "BEYOND_LIMITS": (
        _("outside the limits"),
        _("Recommendations keep to limits, and this price lies beyond one. It may be approved all the same."),
    ),
    "LARGE_CHANGE": (
        _("large change"),
        _("The change is larger than 15 %: the demand models differ there."),
    ),
    "LESS_PROFIT": (
        _("less profit"),
        _("Profit is expected to fall."),
    ),
    "LOSS_IF_WEAK": (
        _("rests on the elasticity"),
        _("If buyers hardly answered to prices, the change would lose money."),
    ),
    "NO_RECENT_SALES": (
        _("no recent sales"),
        _("Nothing was sold lately, so the amounts are 0."),
    ),
    "NO_ANSWER_TO_PRICE": (
        _("no answer to the price"),
        _("The estimate says that demand does not fall when the price rises."),
    ),
    "NO_PRESET_PRICE": (
        _("preset left out"),
        _("The price of a preset cannot be determined, so it is left out."),
    ),
    "NEW_PRICE": (
        _("price is new"),
        _("Today's price has too few days of sales; what it does is projected from the one before."),
    ),
    "INACTIVE": (
        _("not sold any more"),
        _("Nothing was sold for a long time, so no demand is expected."),
    ),
    "TOTALS": (
        _("known as totals"),
        _("Sales are known by the week or month only; a day is an equal part of its total."),
    ),
    "BASELINE_MIXED": (
        _("another change before"),
        _("Another price change within the 30 days before blurs the comparison."),
    ),
    "NO_SALES": (
        _("no sales"),
        _("Nothing was sold in the window: probably out of stock."),
    ),
    "NO_SAVING": (
        _("no saving"),
        _("The bundle's lowest price exceeds the single prices."),
    ),
    "ALPHA_LIMITED": (
        _("discount limited"),
        _("The best discount of the bundle lies outside the usual ones."),
    ),
    "SUBSTITUTES": (
        _("replace each other"),
        _("Products of the bundle replace each other; few people buy both."),
    ),
    "NEVER_TOGETHER": (
        _("never bought together"),
        _("Nobody has bought these products together yet."),
    ),
    "NO_STOCK": (
        _("stock unknown"),
        _("Stock or target stock is not known, so stock does not move the price."),
    ),
    "NO_TARGET_STOCK": (
        _("no target stock"),
        _("The target stock is 0, so stock does not move the price."),
    ),
    "OUT_OF_STOCK": (
        _("out of stock"),
        _("There is nothing left to sell."),
    ),
    "THIN_DEMAND": (
        _("too few sales"),
        _("Too few sales say what demand would be usual, so a surge cannot be seen."),
    ),
    "INVENTORY_CAPPED": (
        _("stock's part capped"),
        _("The part of the stock in the price would be larger; a cap holds it."),
    ),
    "SURGE_CAPPED": (
        _("surge's part capped"),
        _("The part of the surge in the price would be larger; a cap holds it."),
    ),
    "STALE_DATA": (
        _("old sales"),
        _("The newest sales are too old to tell today's demand."),
    ),
    "NO_COMPETITORS": (
        _("no competitors"),
        _("No competitor's price of the product is known."),
    ),
    "NO_USABLE_PRICES": (
        _("no usable prices"),
        _("The competitors' prices are too old, or too far off the others."),
    ),
    "NO_OWN_PRICE": (
        _("no price of ours"),
        _("The product has no price of ours yet, so it has no place among the competitors."),
    ),
    "MARKET_BELOW_COST": (
        _("market below our cost"),
        _("Competitors sell below our cost: following them would lose money."),
    ),
    "ROOM_TO_RAISE": (
        _("room to raise"),
        _("The price is well below the competitors': there is room to raise it."),
    ),
    "IN_LINE": (
        _("in line"),
        _("The price is in line with the competitors'."),
    ),
    "ABOVE_MARKET": (
        _("above the market"),
        _("The price is above the competitors'."),
    ),
    "PLAN_BELOW_COST": (
        _("goes below cost"),
        _("The path of prices ends below the cost, as was allowed; no such price can be proposed."),
    ),
    "ELASTICITY_BORROWED": (
        _("elasticity of similar products"),
        _("How buyers answer to this price is mostly known from similar products, not from this one."),
    ),
    "NO_MARKDOWN_NEEDED": (
        _("no markdown needed"),
        _("At today's price the stock will most likely be sold by the last day."),
    ),
    "STOCK_LEFT": (
        _("stock will be left"),
        _("Even the lowest price allowed will most likely not sell all of the stock by the last day."),
    ),
    "STEP_NO_DISCOUNT": (
        _("a step is no discount"),
        _(
            "A price of the path is not below the lowest of the 30 days before its reduction: it may not be announced as"
            " reduced."
        ),
    ),
    "RATE_UNSURE": (
        _("rate of sales unsure"),
        _("Few sales, or very uneven ones, say how fast it sells: the figures may be far off."),
    ),
}

RISK_TERMS: Words = {
    "low": (
        _("low"),
        _("Small change, well-known demand."),
    ),
    "medium": (
        _("medium"),
        _("A larger change, or demand that is known less well."),
    ),
    "high": (
        _("high"),
        _("A large change, or demand that is hardly known: look at it before it is decided."),
    ),
}
