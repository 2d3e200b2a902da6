"""Terms for the states of recommendations, price changes, simulations and experiments."""

from django.utils.translation import gettext_lazy as _

from elastix.glossary.table import Words

OFFER_TERMS: Words = {
    "open": (
        _("open"),
        _("Nobody has decided on it yet."),
    ),
    "proposed": (
        _("proposed"),
        _("Somebody proposed it as a price change."),
    ),
    "refused": (
        _("refused"),
        _("Somebody decided against it; it comes again only when the advice has changed materially."),
    ),
    "superseded": (
        _("superseded"),
        _("Different advice took its place before anybody decided."),
    ),
    "expired": (
        _("expired"),
        _("Nobody decided, and it is not recommended any more, or not surely enough."),
    ),
}

PRIOR_PRICE_TERMS: Words = {
    "regular": (
        _("regular price"),
        _("The price was not lowered, or so long ago that it is the regular one."),
    ),
    "reduced": (
        _("reduced"),
        _("The price is below the lowest of the 30 days before; a discount may be announced against that."),
    ),
    "no_discount": (
        _("no discount"),
        _(
            "The price was lowered, but not below the lowest of the 30 days before: it may not be announced as reduced."
        ),
    ),
    "unknown": (
        _("unknown"),
        _("No price before this one is known."),
    ),
}

CHANGE_STATUS_TERMS: Words = {
    "proposed": (
        _("proposed"),
        _("The price waits for somebody to approve it."),
    ),
    "approved": (
        _("approved"),
        _("The price may be put into effect."),
    ),
    "rejected": (
        _("rejected"),
        _("Somebody decided against the price."),
    ),
    "applied": (
        _("in effect"),
        _("The price is in effect, or was until a later one."),
    ),
    "rolled_back": (
        _("undone"),
        _("The price was taken back; the one before is in effect."),
    ),
}

OUTCOME_TERMS: Words = {
    "yes": (
        _("paid"),
        _("What sold exceeds what was expected without the change, beyond doubt."),
    ),
    "no": (
        _("did not pay"),
        _("What sold falls short of what was expected without the change, beyond doubt."),
    ),
    "not clear": (
        _("not clear yet"),
        _("The difference is within what chance alone does."),
    ),
    "open": (
        _("too early"),
        _("The days that are to be compared are not over."),
    ),
    "truncated": (
        _("ended early"),
        _("Another change ended the days that were to be compared."),
    ),
    "complete": (
        _("complete"),
        _("All days that were to be compared are over."),
    ),
}

REPRICING_OUTCOME_TERMS: Words = {
    "would_change": (
        _("would change"),
        _("A dry run: the rule would have changed the price."),
    ),
    "held_back": (
        _("held back"),
        _("A limit, a cap or the switch kept the rule from changing the price."),
    ),
}

# Why a saved simulation has no figures.
OBSTACLE_TERMS: Words = {
    "DRAFT": (
        _("draft"),
        _("The simulation has no product yet."),
    ),
}

EXPERIMENT_TERMS: Words = {
    "switchback": (
        _("weeks in turn"),
        _(
            "Every group of products has both prices in turn, and a coin decides which week of a pair has which."
        ),
    ),
    "clusters": (
        _("groups against groups"),
        _("Of two groups of products that are alike one, drawn at random, has the new price."),
    ),
    "draft": (
        _("draft"),
        _("It is planned and has changed no price yet."),
    ),
    "running": (
        _("running"),
        _("Its prices are in effect, and no other change of them is possible."),
    ),
    "paused": (
        _("paused"),
        _("Its days do not count until it goes on."),
    ),
    "ended": (
        _("ended"),
        _("It is over, and its prices are free again."),
    ),
    "usual": (
        _("usual prices"),
        _("The prices from before the experiment stand again."),
    ),
    "old_price": (
        _("old prices"),
        _("The first of the two prices of the experiment was kept."),
    ),
    "new_price": (
        _("new prices"),
        _("The second of the two prices of the experiment was kept."),
    ),
}
