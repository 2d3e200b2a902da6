"""Terms for customer segments, product pairs, forecasts and alerts."""

from django.utils.translation import gettext_lazy as _

from elastix.glossary.table import Words

CUSTOMER_FORECAST_TERMS: Words = {
    "OFFERED": (
        _("offered"),
        _(
            "The model foresaw the shop's last weeks better than plain averages: what it expects of customers is shown."
        ),
    ),
    "TOO_FEW_CUSTOMERS": (
        _("too few customers"),
        _("Too few customers have bought again to say when they come back."),
    ),
    "NOT_CONVERGED": (
        _("no clear model"),
        _("The purchases do not decide between very different models: nothing is expected of customers."),
    ),
    "NOT_BETTER": (
        _("no better than averages"),
        _(
            "The model foresaw the shop's last weeks no better than plain averages: what it expects is not shown."
        ),
    ),
}
SEGMENT_TERMS: Words = {
    "Champion": (
        _("champions"),
        _("They bought lately, often, and for much."),
    ),
    "LoyalCustomers": (
        _("loyal customers"),
        _("They buy often and for a good amount."),
    ),
    "PotentialLoyalists": (
        _("potential loyalists"),
        _("They bought lately and may come more often."),
    ),
    "AtRisk": (
        _("at risk"),
        _("They used to buy much and have not been seen for a while."),
    ),
    "Hibernating": (
        _("hibernating"),
        _("They bought little, and long ago."),
    ),
    "Lost": (
        _("lost"),
        _("They bought least and longest ago."),
    ),
}

RELATIONSHIP_TERMS: Words = {
    "independent": (
        _("independent"),
        _("The price of one says nothing of the sales of the other."),
    ),
    "substitutes": (
        _("replace each other"),
        _("When the price of one rises, more of the other is sold."),
    ),
    "complements": (
        _("go together"),
        _("When the price of one rises, less of the other is sold."),
    ),
}

FORECAST_METHOD_TERMS: Words = {
    "lines": (
        _("purchases times units"),
        _("Purchases a day times units per purchase."),
    ),
    "mean": (
        _("mean"),
        _("The mean of a short history."),
    ),
    "category": (
        _("category"),
        _("Its few sales beside the category's usual frequency."),
    ),
    "intervals": (
        _("regular intervals"),
        _("The mean of regular intervals between purchases."),
    ),
    "yearly": (
        _("yearly season"),
        _("Purchases and units per purchase, with a yearly season."),
    ),
    "weekly": (
        _("own weekdays"),
        _("Simple smoothing times the product's own weekday index."),
    ),
    "weekday_ses": (
        _("the shop's weekdays"),
        _("Simple smoothing times the shop's weekday profile."),
    ),
    "ses": (
        _("simple smoothing"),
        _("A mean in which newer days weigh more."),
    ),
    "linear": (
        _("linear trend"),
        _("A straight line through the past."),
    ),
}

ALERT_TERMS: Words = {
    "price_experiment": (
        _("Price experiments"),
        _("A price experiment needs a look: a price differs, a product is out of stock, or it is due."),
    ),
    "recommendations": (
        _("prices should change"),
        _("The nightly look at all prices found some that should change; somebody has to decide on them."),
    ),
    "no_cost": (
        _("a product has no cost"),
        _("A recommendation needs the cost of a product that has none."),
    ),
    "change_not_applied": (
        _("a scheduled price change was not applied"),
        _("A price was to be in effect by now and something kept it from being so."),
    ),
    "data_stale": (
        _("the sales are old"),
        _("No sales came in for some days; all figures stand still."),
    ),
    "data_quality": (
        _("the sales look wrong"),
        _("Days are missing, or a week has far too few or too many lines."),
    ),
    "fit_not_converged": (
        _("a fit of all products or customers did not converge"),
        _("What the message names did not settle; do not act on it until the next full recompute."),
    ),
    "connection": (
        _("a connection to a platform does not work"),
        _("Orders do not come in, or prices do not go out."),
    ),
    "price_drift": (
        _("a price on a platform is not ours"),
        _("Somebody or something changed a price on the platform."),
    ),
    "prices_follow_sales": (
        _("prices seem to follow sales, not the other way round"),
        _("Whoever set the prices looked at sales: the elasticities say less than they seem to."),
    ),
    "floor_reached": (
        _("a floor holds a price up"),
        _("A rule wanted a lower price than the limits allow."),
    ),
    "cap_reached": (
        _("a cap holds a price change down"),
        _("A rule wanted a larger change than the caps allow."),
    ),
    "price_oscillates": (
        _("a price goes round in circles"),
        _(
            "A rule and a competitor answered each other again and again: the rule is paused for these products."
        ),
    ),
    "competitor_below_cost": (
        _("a competitor sells below our cost"),
        _("A competitor's fresh price is below our cost."),
    ),
    "demand_surge": (
        _("demand surges"),
        _("Far more was sold than usual."),
    ),
    "rule_failing": (
        _("a repricing rule fails"),
        _("A rule could not run several times."),
    ),
}
