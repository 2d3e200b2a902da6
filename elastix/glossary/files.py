"""Terms for the states of imports, rows and jobs."""

from django.utils.translation import gettext_lazy as _

from elastix.glossary.table import Words

REFUSED_ROW_TERMS: Words = {
    "not_a_sale": (
        _("no sale"),
        _("A status or type says that the line is no sale."),
    ),
    "total_differs": (
        _("total differs"),
        _("Price times quantity is not the total beside it."),
    ),
    "total_row": (
        _("a total"),
        _("The row sums up others."),
    ),
    "payment_row": (
        _("a payment"),
        _("The row is called as a payment or change, not as a product."),
    ),
    "period_too_long": (
        _("period too long"),
        _("A total of a quarter, half a year or a year: prices change within it."),
    ),
    "other_currency": (
        _("other currency"),
        _("The price is in another currency than the one that is read."),
    ),
    "too_few_columns": (
        _("too few columns"),
        _("The row has fewer columns than the header."),
    ),
    "too_many_columns": (
        _("too many columns"),
        _("The row has more columns than the header."),
    ),
    "unclosed_quote": (
        _("open quotation mark"),
        _("A quotation mark opens in the row and is not closed where it should be."),
    ),
    "cell_too_long": (
        _("cell too long"),
        _("A cell is too long to be read."),
    ),
    "value_missing": (
        _("value missing"),
        _("A needed value is blank."),
    ),
    "broken_characters": (
        _("broken characters"),
        _("A value holds bytes that are no text in the file's encoding."),
    ),
    "control_characters": (
        _("control characters"),
        _("A value holds control characters."),
    ),
    "too_long": (
        _("too long"),
        _("A text is longer than its field."),
    ),
    "not_a_number": (
        _("not a number"),
        _("A value is not a number."),
    ),
    "not_whole": (
        _("not whole"),
        _("A number should be whole."),
    ),
    "zero": (
        _("zero"),
        _("A number must not be 0."),
    ),
    "out_of_range": (
        _("out of range"),
        _("A number is outside its limits."),
    ),
    "too_many_decimals": (
        _("too many decimals"),
        _("A number has more decimals than its field."),
    ),
    "not_a_date": (
        _("not a date"),
        _("A value is not a date in a known format, or no day of the calendar."),
    ),
    "stray_date": (
        _("date far off"),
        _("A date is far from all other dates of the file."),
    ),
    "date_order": (
        _("other order of day and month"),
        _("A date does not exist in the order of day and month that the rest of the file has."),
    ),
    "year_out_of_range": (
        _("year out of range"),
        _("A date is outside 1970 to 2100."),
    ),
    "invalid_code": (
        _("no code"),
        _("A value cannot be a code."),
    ),
    "damaged_code": (
        _("damaged code"),
        _("A spreadsheet has turned a code into a rounded number."),
    ),
    "discount_too_large": (
        _("discount too large"),
        _("The discount is larger than the price."),
    ),
    "in_the_future": (
        _("in the future"),
        _("The date lies in the future."),
    ),
    "look_alike_code": (
        _("code without its zeros"),
        _("The code is one of the catalogue without its zeros: probably a spreadsheet cut them off."),
    ),
    "price_not_allowed": (
        _("price not allowed"),
        _("The price crosses a limit, and the file gives no reason or the person may not decide that."),
    ),
    "not_available": (
        _("sold out there"),
        _("The competitor does not have the product: nobody can buy it at that price."),
    ),
    "not_new": (
        _("not new"),
        _("The competitor's product is used or refurbished."),
    ),
    "own_shop": (
        _("our own price"),
        _("The competitor is this shop itself."),
    ),
    "unknown_product": (
        _("unknown product"),
        _("There is no product with this code."),
    ),
    "negative_price": (
        _("negative price"),
        _("The price of a product is negative, which only services may have."),
    ),
    "already_imported": (
        _("imported already"),
        _("The row was imported already, from another file, or stands in an earlier sheet of this one."),
    ),
    "all_returns": (
        _("every row is a return"),
        _("All quantities are negative: probably the sign means something else here."),
    ),
}

IMPORT_STATUS_TERMS: Words = {
    "queued": (
        _("waiting"),
        _("It waits for a worker."),
    ),
    "reading": (
        _("being read"),
        _("The file is being read; nothing of it is in the figures yet."),
    ),
    "checked": (
        _("checked, not imported"),
        _("The file was read and checked, and nothing of it was kept."),
    ),
    "published": (
        _("imported"),
        _("The file's rows have been imported."),
    ),
    "withdrawn": (
        _("reverted"),
        _("The file's rows were removed again."),
    ),
    "failed": (
        _("failed"),
        _("It could not be done; the reason stands beside it."),
    ),
}

JOB_STATE_TERMS: Words = {
    "running": (
        _("running"),
        _("A worker is at it."),
    ),
    "waiting": (
        _("waiting for its parts"),
        _("It waits for the parts that other workers do."),
    ),
    "succeeded": (
        _("done"),
        _("All of the work is done."),
    ),
}

PUSH_STATE_TERMS: Words = {
    "pushed": (
        _("set"),
        _("The platform has our price; it was read back."),
    ),
    "drifted": (
        _("changed there"),
        _("The platform had our price and has another one now."),
    ),
}
