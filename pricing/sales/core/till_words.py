"""What tills write among the products of a receipt: payments, change, rounding, discounts, tips; in six languages."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from pricing.sales.core.sale_words import Meaning, plain
from pricing.sales.core.service_codes import FEE_WORDS

LONGEST_NAME: Final = 60

_PAYMENTS: Final = """
    cash, cash payment, cash tendered, cash tender, cash received, cash given, cash change, change, change due, change given,
    your change, change returned, tender, tendered, amount tendered, total tendered, payment, payments, payment received,
    card payment, card tender, credit card, debit card, credit card payment, debit card payment, paid, paid cash, paid in cash,
    paid by card, amount paid, balance due, contactless, eftpos, american express, mastercard, paypal, apple pay, google pay,
    klarna, sumup, gift card payment, account payment, on account, store credit used,
    ruckgeld, rueckgeld, wechselgeld, restgeld, bargeld, barzahlung, bar bezahlt, bar gegeben, gegeben, gegeben bar, zahlung,
    zahlungen, bezahlt, kartenzahlung, ec zahlung, ec kartenzahlung, ec karte, ec cash, girocard, kreditkarte,
    uberweisung, lastschrift, rechnungskauf,
    especes, paiement, paiement especes, paiement carte, paiement cb, paiement par carte, carte bancaire, carte bleue,
    rendu monnaie, monnaie rendue, monnaie, reglement, cheque, virement,
    efectivo, pago en efectivo, pago con tarjeta, pago tarjeta, tarjeta de credito, tarjeta de debito, entregado efectivo,
    su cambio, vuelto, bizum,
    contanti, contante, pagamento, pagamento contanti, pagamento carta, pagamento con carta, carta di credito, bancomat,
    assegno, bonifico,
    contant betaald, contante betaling, pinbetaling, pin betaling, wisselgeld, betaling, betaald, bancontact
"""
# Products may be called so, too: they count where the amount is negative, or beside a payment of the same receipt.
_MAYBE_PAYMENTS: Final = """
    bar, card, check, visa, amex, maestro, ec, karte, scheck, gutschein, carte, cb, rendu, tarjeta, cambio, carta, resto, pin,
    kaart, ideal, pago, voucher, gift card, giftcard, gift voucher, bon, terug, points
"""
_CHARGES: Final = """
    rounding adjustment, round off, rounded off, cash rounding, rundung, rundungsdifferenz, rundungsausgleich, arrondi, redondeo,
    arrotondamento, afronding, afrondingsverschil, afronden,
    off, discounts, coupons, total discount, order discount, cart discount, coupon code, promo code, promocode, promotion code,
    discount code, staff discount, rabatte, rabattcode, gutscheincode, gesamtrabatt, mengenrabatt, preisnachlass, nachlass,
    skonto, remise, remises, reduction, bon de reduction, code promo, descuento, descuentos, cupon, cupon descuento,
    sconto, sconti, buono sconto, korting, kortingen, kortingscode, kortingsbon,
    pourboire, propina, mancia, sales tax, tva, iva, taxes, impuesto, imposta, service charge, livraison, envio, spedizione,
    frais de port, frais de livraison, gastos de envio, spese di spedizione
"""


def _set_of(words: str) -> frozenset[str]:
    return frozenset(plain(word) for word in words.split(","))


PAYMENTS: Final = _set_of(_PAYMENTS)
MAYBE_PAYMENTS: Final = _set_of(_MAYBE_PAYMENTS)
CHARGES: Final = _set_of(_CHARGES) | {plain(word) for word in FEE_WORDS}
# Types of lines that are no sale of the product beside them.
CHARGE_TYPES: Final = _set_of(
    """
    tax, taxes, vat, gst, sales tax, tip, tips, gratuity, fee, fees, commission, surcharge, rounding, steuer, mwst, trinkgeld,
    gebuhr, gebuhren, zuschlag, rundung, tva, pourboire, frais, arrondi, iva, impuesto, propina, comision, recargo, redondeo,
    imposta, mancia, commissione, arrotondamento, btw, fooi, toeslag, afronding
    """
)
# Types of lines that are products, in files that call other lines otherwise ...
ITEMS: Final = _set_of(
    "item, items, line item, product, article, artikel, position, produit, producto, articulo, prodotto, articolo, menu item"
)
SALES: Final = _set_of(
    "sale, sales, sold, sale line, item sale, verkauf, vente, ventes, venta, ventas, vendita, verkoop"
)
# ... such as these. Beside "Regular" a "Discount" is a sale at a discount.
DISCOUNT_TYPES: Final = _set_of(
    "discount, discounts, coupon, promotion, promo, rabatt, nachlass, remise, descuento, sconto, korting, shipping, versand"
)
PURCHASES: Final = _set_of(
    "purchase, purchases, einkauf, achat, achats, compra, compras, acquisto, acquisti, inkoop"
)
_NUMBERS: Final = re.compile(r"\b(?:[0-9]+|percent|eur|usd|gbp|chf)\b")


def _said(text: str) -> str:
    """The words of a name without numbers and currencies: "10 % coupon", "CASH EUR"."""
    return " ".join(_NUMBERS.sub(" ", plain(text)).split())


@lru_cache(maxsize=50_000)
def is_payment(text: str) -> bool | None:
    """Whether a name says payment or change; None where a product may be called so, too."""
    if len(text) > LONGEST_NAME:
        return False
    said = _said(text)
    return None if said in MAYBE_PAYMENTS else said in PAYMENTS


def is_charge(text: str) -> bool:
    """Whether all of a name says discount, rounding, tax, tip, delivery or the like: "10 % coupon", "Rundung"."""
    return _said(text) in CHARGES


def read_types(plain_texts: Mapping[str, str], known: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """What types of lines mean beside each other: a payment beside sales is how these were paid.

    Parameters
    ----------
    plain_texts : the types, each with its plain form.
    known : what the words of sales, refunds and the like among them mean.
    """
    found = dict(known)
    items = {text for text, words in plain_texts.items() if words in ITEMS}
    others = CHARGE_TYPES | DISCOUNT_TYPES if items else CHARGE_TYPES
    found |= {
        text: Meaning.CHARGE for text, words in plain_texts.items() if text not in known and words in others
    }
    found |= {text: Meaning.SALE for text in items - known.keys() if len(plain_texts) > len(items)}
    # "Payment" or "Purchase" may be the word for sales, and "Cash" beside "Invoice" the way that they were paid.
    if items or {*plain_texts.values()} & SALES:
        apart = {
            text for text, words in plain_texts.items() if is_payment(text) is not False or words in PURCHASES
        }
        found |= dict.fromkeys(apart, Meaning.VOID)
    return found
