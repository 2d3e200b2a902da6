"""What exports write beside a line that is no plain sale, in English, German, French, Spanish, Italian and Dutch."""

import re
import unicodedata
from collections.abc import Sequence
from enum import Enum
from typing import Final

from elastix.imports.core.dates import month_number


def _set_of(words: str) -> frozenset[str]:
    return frozenset(words.split())


class Meaning(Enum):
    SALE = "sale"
    REFUND = "refund"  # the line gives goods or money back
    UNDONE = "undone"  # the sale was given back afterwards: it is a sale no more
    PART = "part"  # a part of the sale was given back afterwards, and nothing says how much
    VOID = "void"  # it never became a sale
    CHARGE = "charge"  # a tax, a fee or a tip beside the sale


_WORDS: Final[dict[Meaning, str]] = {
    Meaning.SALE: """
        sale, sales, sold, sell, purchase, payment, paid, complete, completed, closed, fulfilled, shipped, delivered,
        processing, invoice, invoiced, order, ordered, open, approved, success, successful, settled, captured,
        authorized, partially paid, partially fulfilled, pending, on hold, unshipped, shipping,
        sale line, layby closed, ok, received, issued, ticket, receipt, inv, regular sale, item sale, exchange,
        refund requested, return requested, return pending, refund pending,
        teilweise bezahlt, ausgeliefert, versendet, verschickt, zugestellt,
        eingegangen, zahlungseingang, ausstehend, wartend, beleg, kassenbon, bon, bar, verkauft,
        en attente, encaisse, ticket de caisse, vendu, vendue,
        pendiente, cobrado, vendido, vendida,
        in attesa, incassato, evaso, venduto, scontrino,
        in afwachting, in behandeling, kassabon, verkocht,
        layaway closed, in progress, unfulfilled, verkauf, bezahlt, abgeschlossen, versandt, geliefert,
        rechnung, offen, erledigt, in bearbeitung, vente, paye, payee, termine, terminee, livre, livree, expedie,
        expediee, facture, en cours, venta, pagado, pagada, completado, completada, enviado, enviada, entregado,
        entregada, factura, en proceso, vendita, pagato, pagata, completato, completata, spedito, spedita, consegnato,
        consegnata, fattura, verkoop, betaald, afgerond, verzonden, geleverd, voltooid, factuur
    """,
    Meaning.REFUND: """
        refund, return, returns, ret, rtn, ref, crn, cn, cm, credit, credit invoice, customer return, sales return,
        stornorechnung, rechnungskorrektur, rucksendung, ruckgabebeleg, rueckerstattung, warenruckgabe, retourbeleg,
        facture d avoir, note de credit, bon de retour, retour client, factura rectificativa, nota de abono,
        ricevuta di reso, nota credito, retourbon, creditfactuur, retour klant,
        credit, credit note, credit memo, creditnote, sale return, exchange return,
        gutschrift, retoure, rueckgabe, ruckgabe, erstattung, ruckerstattung, retour, avoir, remboursement,
        devolucion, reembolso, abono, nota de credito, reso, rimborso, nota di credito, terugbetaling, creditnota,
        teruggave, restitutie
    """,
    Meaning.UNDONE: """
        refunded, returned, return completed, return received, return approved, refund issued, refund completed,
        returned to sender, zuruckgesendet, rucksendung erhalten, ruckerstattet, retourniert erstattet,
        renvoye, renvoyee, retour recu, remboursement effectue, devolucion recibida, restituito, restituita,
        teruggestuurd, retour ontvangen, fully refunded, charged back, chargeback, reversed, erstattet, zuruckerstattet,
        zuruckgegeben, retourniert, rembourse, remboursee, retourne, retournee, devuelto, devuelta, reembolsado,
        reembolsada, rimborsato, rimborsata, reso effettuato, terugbetaald, geretourneerd
    """,
    Meaning.VOID: """
        cancelled, canceled, not paid, payment declined, invalid, error, incomplete, removed, reversal, aborted,
        stornierung, stornobeleg, nicht bezahlt, unbezahlt, ungultig, zuruckgewiesen, verworfen, angebot,
        impaye, impayee, non paye, non payee, devis, abandonne, abandonnee, rejete, rejetee, supprime,
        impagado, no pagado, presupuesto, abandonado, eliminado, caducado, anulacion, cancelacion,
        non pagato, impagato, preventivo, abbandonato, annullamento, eliminato, scaduto,
        comp, comped, complimentary, waste, wastage, spoilage, shrinkage, staff meal, employee meal, own use, internal use,
        training, transfer in, transfer out, internal transfer, stock adjustment, inventory adjustment, stock in,
        stock receipt, umbuchung, bruch, verderb, schwund, personalverzehr, lagerzugang, einlagerung, entree de stock,
        traspaso, merma, invitacion, omaggio, overboeking, ontvangst, breuk, derving,
        niet betaald, onbetaald, offerte, annulering, verlopen, verwijderd, afgebroken,
        cancel, cancel, cancellation, void, voided, failed, failure, declined, rejected, abandoned,
        expired, draft, quote, deleted, trash, test, unpaid, saved, parked, checkout draft, cancelled by customer,
        layby, no sale, storniert, storno, abgebrochen, fehlgeschlagen, abgelehnt, entwurf, geloscht, annule, annulee,
        annulation, echoue, echouee, refuse, brouillon, cancelado, cancelada, anulado, anulada, fallido, fallida,
        rechazado, borrador, annullato, annullata, fallito, fallita, rifiutato, bozza, geannuleerd, mislukt,
        afgewezen, concept, quotation, estimate, proforma, pro forma, delivery note, packing slip, stock transfer,
        purchase order, purchase invoice, goods receipt, goods received, inventory count, stock count, stocktake, write off,
        lieferschein, proformarechnung, umlagerung, wareneingang, inventur, eigenverbrauch, bon de livraison,
        bon de commande fournisseur, inventaire, albaran de entrega, inventario, documento di trasporto, pakbon, inkooporder
    """,
}  # fmt: skip
# Words before the one that says it: "Order cancelled", "Zahlung fehlgeschlagen", "Pedido cancelado".
_SUBJECTS: Final = (
    "order", "payment", "sale", "item", "line", "bestellung", "zahlung", "auftrag", "verkauf", "position", "commande",
    "paiement", "vente", "ligne", "pedido", "pago", "venta", "linea", "ordine", "pagamento", "vendita", "riga", "bestelling",
    "betaling", "verkoop", "regel", "sales", "invoice", "pos",
    "fully", "vollstandig", "totalement", "totalmente", "completamente", "volledig",
)  # fmt: skip
# Words with which a refund is none yet, or only of a part.
_HOLDING_BACK: Final = _set_of(
    """
    no not non without never pending awaiting requested partial partially denied declined rejected eligible open ohne
    kein keine nicht ausstehend teilweise sans pas partiel partielle en sin parcial pendiente senza parziale geen niet
    """
)
# With one of these a refund is that of a part of the sale.
_PARTIAL: Final = _set_of(
    """
    part partial partially partly teil teilweise partie partiel partielle partiellement parcial parcialmente parziale
    parzialmente gedeeltelijk gedeeltelijke deels
    """
)
# What a refund of a part is called in one word: Teilerstattung, deelrestitutie.
_PART_OF: Final = re.compile("^(?:teil|deel) ?(?=[a-z]{4})")
# Words for a cancelled sale that with "part" before them are entries of their own: Teilstorno.
_ENTRIES: Final = _set_of("storno stornierung cancellation annulation anulacion annullamento annulering")
_WHOSE: Final = _set_of(
    """
    customer client cliente kunde klant marchandise marchandises merce mercancia ware to from of by stock von vom de du
    del dal da di a au van vente venta vendita verkoop sale order commande pedido ordine bestelling
    """
)
# Single letters say something only together: sale and return, Verkauf, vente, venta, vendita and the like.
PAIRS: Final[dict[frozenset[str], dict[str, Meaning]]] = {
    frozenset({sale, back}): {sale: Meaning.SALE, back: Meaning.REFUND}
    for sale in ("s", "v")
    for back in ("r", "d")
}
_YES: Final = frozenset(
    """
    yes|y|true|t|1|x|ja|j|wahr|oui|o|vrai|si|s|verdadero|verdad|vero|waar|\u2713|\u2714
    """.strip().split("|")
)
_NO: Final = frozenset(
    {"no", "n", "false", "f", "0", "nein", "falsch", "non", "faux", "falso", "nee", "onwaar"}
)
# A row of these words alone sums up others ...
_TOTALS: Final = frozenset(
    """
    sum|ergebnis|gesamtergebnis|insgesamt|total general|suma total|suma y sigue|a reporter|riporto|ubertrag|uebertrag|
    carried forward|brought forward|carry forward|balance forward
    """.replace("\n", "")
    .replace("    ", "")
    .split("|")
)
# ... and of one of these with what is summed up: "Total for 2024-03-14", "Tagessumme", "Total du jour", "Summe Beleg 1".
_TOTAL_WORD: Final = re.compile(
    "(?:grand|sub|sous)?totals?|(?:sub)?totale|suma|totaux|gesamt|"
    "(?:zwischen|gesamt|end|tages|wochen|monats|jahres|beleg|rechnungs|bon|seiten|kassen|filial)?summe|"
    "(?:gesamt|end|rechnungs)betrag|(?:sub|eind|dag|week|maand|jaar|bon|factuur)?totaal"
)
_SUMMED_UP: Final = _set_of(
    """
    grand sub sous invoice invoices order orders receipt receipts ticket tickets bill sale sales units day daily week
    weekly month monthly year page report store shop register department category customer date shift transaction
    transactions items beleg rechnung bon tag woche monat jahr seite filiale kasse warengruppe kunde bestellung auftrag
    umsatz belege positionen facture commande ventes jour journee semaine mois annee magasin caisse ligne general
    generale generaal factura pedido dia semana mes ano tienda caja venta ventas fattura ordine scontrino giorno
    settimana mese anno negozio cassa factuur bestelling kassabon dag maand jaar winkel kassa net gross netto brutto ht
    ttc excl incl tax vat mwst tva iva btw for of the per du de del della la le der des fur vom am im van por eur usd
    gbp chf
    """
)
_OF_A_PRODUCT: Final = frozenset({"for", "fur", "pour", "para", "voor"})
_MAYBE_TOTAL: Final = re.compile(
    "tot|sum|gesamt|ergebnis|betrag|bertrag|forward|report|riporto", re.IGNORECASE
)
_YEAR: Final = re.compile("(?:19|20)[0-9]{2}")
_SPACE: Final = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """A text in lower case, without accents, one blank between its words."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _SPACE.sub(" ", bare).strip()


def _of_a_part(words: Sequence[str], *, of_lines: bool) -> Meaning | None:
    """What words mean that say that a part of a sale was given back; None where they do not."""
    if len(words) == 1:
        words = ["part", *words] if (rest := _PART_OF.sub("", words[0])) != words[0] else words
        words = [*words[:-1], rest]
    if not {*words} & _PARTIAL or {*words} & (_HOLDING_BACK - _PARTIAL - {"en"}):
        return None
    whole = " ".join(word for word in words if word not in _PARTIAL)
    given_back = {
        each: found for each in (whole, *words) if (found := MEANINGS.get(each)) not in (None, Meaning.SALE)
    }
    if not given_back:
        return None
    entry = Meaning.REFUND in given_back.values() or bool({*given_back} & _ENTRIES)
    return Meaning.REFUND if of_lines and entry else Meaning.PART


def is_total(text: object) -> bool:
    """Whether a cell that should name a product or an invoice says that its row is a total of others."""
    if not isinstance(text, str) or text[:1].isdigit() or not _MAYBE_TOTAL.search(text):
        return False  # which is what most codes and invoices are recognised by, and soon
    written = plain(text)
    if written in _TOTALS:
        return True
    words = written.split()
    others = [word for word in words if not _TOTAL_WORD.fullmatch(word)]
    if len(others) == len(words):
        return False
    if words[0] not in others and words[1:2] and words[1] in _OF_A_PRODUCT:
        return True
    said = [word for word in others if not word.isdigit()]
    # TOTAL-500 may be a product: a number alone has to be of a day.
    dated = any(map(_YEAR.fullmatch, others))
    return (not others or dated or bool(said)) and all(
        word in _SUMMED_UP or month_number(word) for word in said
    )


def is_yes(text: str) -> bool | None:
    """Whether a mark says yes, in any of the six languages; None if it is neither yes nor no."""
    written = plain(text) or text.strip()
    if not written.strip("- ") or written in _NO:
        return False
    return True if written in _YES else None


MEANINGS: Final[dict[str, Meaning]] = {
    plain(word): meaning for meaning, words in _WORDS.items() for word in words.split(",")
}


def meaning(text: str, *, of_lines: bool = False) -> Meaning | None:
    """What a status or a type of line means for the sale; None if the words are not known.

    Parameters
    ----------
    of_lines : whether it is a type of line: there a "partial refund" is the line that gives the part back.
    """
    written = plain(text).removeprefix("wc ")
    if written in MEANINGS:
        return MEANINGS[written]
    words = written.split()
    if part := _of_a_part(words, of_lines=of_lines):
        return part
    if len(words) > 1 and words[0] in _SUBJECTS and (found := MEANINGS.get(" ".join(words[1:]))):
        return found
    # "POS return", "Kassenbon Retoure", "Avoir client": the noun says it, at the end or before whose it is.
    if len(words) > 1 and not _HOLDING_BACK & {*words}:
        if MEANINGS.get(words[-1]) is Meaning.REFUND and MEANINGS.get(words[0]) is not Meaning.VOID:
            return Meaning.REFUND
        if MEANINGS.get(words[0]) is Meaning.REFUND and {*words[1:]} <= _WHOSE:
            return Meaning.REFUND
    # "Shipped - Delivered to Buyer", "Cancelled by customer": the first words say it. "Return policy seen" is no refund.
    beginnings = (MEANINGS.get(" ".join(words[:length])) for length in range(len(words) - 1, 0, -1))
    found = next((each for each in beginnings if each), None)
    return None if found is Meaning.REFUND else found
