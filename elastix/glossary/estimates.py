"""Terms for the quality of an elasticity: grades, evidence, methods, flags, and excluded sales lines."""

from django.utils.translation import gettext_lazy as _

from elastix.glossary.table import Words

GRADE_TERMS: Words = {
    "A": (
        _("its own sales say it"),
        _("The product's own sales say how demand answers to its price."),
    ),
    "B": (
        _("its own sales for a good part"),
        _("Its own sales say a good part of it; the rest comes from its category."),
    ),
    "C": (
        _("its own sales and its category"),
        _("Its own sales and those of its category say about equally much."),
    ),
    "D": (
        _("borrowed from its category"),
        _("Its own sales say too little: the figure is that of its category."),
    ),
}

EVIDENCE_TERMS: Words = {
    "price_change": (
        _("own price changes"),
        _("It is what sales did when this price was changed."),
    ),
    "experimental": (
        _("a price experiment"),
        _("It is what a price experiment found, with its sales beside it."),
    ),
    "observational": (
        _("sales and prices that moved together"),
        _("It is how sales and price moved together, which may have had other causes."),
    ),
    "borrowed": (
        _("similar products"),
        _("It is mostly what similar products show, not this one's own sales."),
    ),
}

METHOD_TERMS: Words = {
    "pooled": (
        _("all products together"),
        _("All products are estimated together; what one's own sales do not say comes from its category."),
    ),
    "log_log": (
        _("log-log regression"),
        _("A line through the logarithms of the product's own units and prices."),
    ),
    "point": (
        _("point elasticity"),
        _("The percentages between two prices, measured from the first."),
    ),
    "arc_elasticity": (
        _("arc elasticity"),
        _("The percentages between two prices, measured from their middle."),
    ),
    "dml": (
        _("double machine learning"),
        _(
            "What sales have to do with the part of a price that boosted trees cannot predict: a second opinion."
        ),
    ),
    "ml": (
        _("boosted demand model"),
        _("What boosted trees say that 5 % on the price does to sales: a second opinion."),
    ),
}

FLAG_TERMS: Words = {
    "NO_PRICE_VARIATION": (
        _("price never changed"),
        _("The price never changed, so the product's own sales cannot say what a change does."),
    ),
    "FEW_DAYS": (
        _("few days"),
        _("It was sold on fewer than 20 days, or in fewer than 8 weeks."),
    ),
    "FEW_PRICES": (
        _("few prices"),
        _("There are too few different prices to test whether one elasticity holds at all of them."),
    ),
    "OWN_POSITIVE": (
        _("own sales rise with the price"),
        _("The product's own sales show demand rising with the price, which points to another cause."),
    ),
    "CI_CROSSES_ZERO": (
        _("may be zero"),
        _("The interval holds 0: whether buyers answer to the price at all is open."),
    ),
    "CI_CROSSES_MINUS_ONE": (
        _("revenue may go either way"),
        _("The interval holds -1: whether a higher price raises revenue is open."),
    ),
    "PRIOR_DOMINATED": (
        _("mostly not its own"),
        _("Less than 35 % of the estimate is the product's own; the rest is its category's."),
    ),
    "BULK_CAPPED": (
        _("bulk orders capped"),
        _("Lines far larger than usual were counted as the largest usual one."),
    ),
    "HIGH_RETURNS": (
        _("many returns"),
        _("Many of the units came back."),
    ),
    "CHANNEL_MIX": (
        _("two kinds of buyers"),
        _("Lines with and without a customer differ in price: two channels may be mixed."),
    ),
    "STOCKOUT_GAPS": (
        _("probably out of stock"),
        _("Long runs of days without sales were left out: probably there was none to sell."),
    ),
    "NO_CATEGORY": (
        _("no category"),
        _("The product has no category to borrow from, so the whole shop lends."),
    ),
    "ZERO_ELASTICITY": (
        _("nearly no answer"),
        _("The elasticity is nearly 0: look at the product by hand before its price is changed."),
    ),
    "NOT_CONVERGED": (
        _("not settled"),
        _("The computation did not settle on a value: no price is recommended on it."),
    ),
    "PRICES_FOLLOW_SALES": (
        _("prices follow sales"),
        _("In this shop sales predict prices, so no estimate is graded better than C."),
    ),
    "MIXED_PRICES": (
        _("mean prices of totals"),
        _("The sales are totals at mean prices, which move with who bought: C at best."),
    ),
    "SEVERAL_PRICES": (
        _("several prices at once"),
        _("Buyers pay different prices at the same time, as in stores or contracts: C at best."),
    ),
    "PRICES_BY_CHANNEL": (
        _("prices by channel"),
        _("Channels charge different prices: each has a price series of its own."),
    ),
    "SELLS_OUT": (
        _("sells out when cheap"),
        _("Stock ends where prices are low, so more was wanted than was sold: C at best."),
    ),
    "RESPONSE_FADES": (
        _("response fades"),
        _(
            "Price changes do most in their first week: competitors follow, or buyers bought ahead. C at best."
        ),
    ),
    "PRICES_FOLLOW_PEAKS": (
        _("prices follow peaks"),
        _(
            "In this category prices move with peaks of sales that come back every year: C at best. A test of prices tells more."
        ),
    ),
    "METHODS_DISAGREE": (
        _("methods disagree"),
        _("A second opinion on this product or its category contradicts the estimate: one grade lower."),
    ),
    "EXTRAPOLATION": (
        _("beyond past prices"),
        _("The price lies more than 5 % outside what was ever charged."),
    ),
    "NO_ELASTICITY": (
        _("no elasticity"),
        _("It is not known how buyers answer to this price, so no better one can be calculated."),
    ),
    "NO_PRICE": (
        _("no price"),
        _("The product has no price yet."),
    ),
    "CATEGORY_ELASTICITY": (
        _("its category's elasticity"),
        _("The product has no estimate of its own; that of its category stands in."),
    ),
    "SHOP_ELASTICITY": (
        _("the shop's elasticity"),
        _("Neither the product nor its category has an estimate; that of the whole shop stands in."),
    ),
    "BENCHMARK_ELASTICITY": (
        _("a usual elasticity"),
        _("The shop's sales say nothing yet; a value usual in retail stands in."),
    ),
}

EXCLUSION_TERMS: Words = {
    "none": (
        _("counted"),
        _("The line counts as demand."),
    ),
    "voided": (
        _("cancelled"),
        _("The sale was cancelled, or the line is the cancellation."),
    ),
    "return": (
        _("return"),
        _("The line is a return, which is no demand at its day."),
    ),
    "duplicate": (
        _("duplicate"),
        _("The line was recorded twice; it counts once."),
    ),
    "no_price": (
        _("without a price"),
        _("The line has no price above 0."),
    ),
    "price_outlier": (
        _("price far off"),
        _("The price is more than 4 times off the product's usual one."),
    ),
    "bulk_capped": (
        _("bulk order"),
        _("The line is far larger than usual; it counts as the largest usual one."),
    ),
}
