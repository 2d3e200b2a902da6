"""What exports write beside a line that is no plain sale, in English, German, French, Spanish, Italian and Dutch."""

import re
import unicodedata
from enum import Enum
from typing import Final


class Meaning(Enum):
    SALE = "sale"
    REFUND = "refund"  # the line gives goods or money back
    UNDONE = "undone"  # the sale was given back afterwards: it is a sale no more
    VOID = "void"  # it never became a sale


_WORDS: Final[dict[Meaning, str]] = {
    Meaning.SALE: """
        sale, sales, sold, sell, purchase, payment, paid, complete, completed, closed, fulfilled, shipped, delivered,
        processing, invoice, invoiced, order, ordered, open, approved, success, successful, settled, captured,
        authorized, partially refunded, partially paid, partially fulfilled, pending, on hold, unshipped, shipping,
        sale line, layby closed, in progress, unfulfilled, verkauf, bezahlt, abgeschlossen, versandt, geliefert,
        rechnung, offen, erledigt, in bearbeitung, vente, paye, payee, termine, terminee, livre, livree, expedie,
        expediee, facture, en cours, venta, pagado, pagada, completado, completada, enviado, enviada, entregado,
        entregada, factura, en proceso, vendita, pagato, pagata, completato, completata, spedito, spedita, consegnato,
        consegnata, fattura, verkoop, betaald, afgerond, verzonden, geleverd, voltooid, factuur
    """,
    Meaning.REFUND: """
        refund, return, returns, credit, credit note, credit memo, creditnote, sale return, exchange return,
        gutschrift, retoure, rueckgabe, ruckgabe, erstattung, ruckerstattung, retour, avoir, remboursement,
        devolucion, reembolso, abono, nota de credito, reso, rimborso, nota di credito, terugbetaling, creditnota,
        teruggave
    """,
    Meaning.UNDONE: """
        refunded, returned, fully refunded, charged back, chargeback, reversed, erstattet, zuruckerstattet,
        zuruckgegeben, retourniert, rembourse, remboursee, retourne, retournee, devuelto, devuelta, reembolsado,
        reembolsada, rimborsato, rimborsata, reso effettuato, terugbetaald, geretourneerd
    """,
    Meaning.VOID: """
        cancelled, canceled, cancel, cancellation, void, voided, failed, failure, declined, rejected, abandoned,
        expired, draft, quote, deleted, trash, test, unpaid, saved, parked, checkout draft, cancelled by customer,
        layby, no sale, storniert, storno, abgebrochen, fehlgeschlagen, abgelehnt, entwurf, geloscht, annule, annulee,
        annulation, echoue, echouee, refuse, brouillon, cancelado, cancelada, anulado, anulada, fallido, fallida,
        rechazado, borrador, annullato, annullata, fallito, fallita, rifiutato, bozza, geannuleerd, mislukt,
        afgewezen, concept
    """,
}  # fmt: skip
_SPACE: Final = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """A text in lower case, without accents, one blank between its words."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _SPACE.sub(" ", bare).strip()


MEANINGS: Final[dict[str, Meaning]] = {
    plain(word): meaning for meaning, words in _WORDS.items() for word in words.split(",")
}


def meaning(text: str) -> Meaning | None:
    """What a status or a type of line means for the sale; None if the words are not known."""
    written = plain(text).removeprefix("wc ")
    if written in MEANINGS:
        return MEANINGS[written]
    words = written.split()
    # "Shipped - Delivered to Buyer", "Cancelled by customer": the first words say it. "Return policy seen" is no refund.
    beginnings = (MEANINGS.get(" ".join(words[:length])) for length in range(len(words) - 1, 0, -1))
    found = next((each for each in beginnings if each), None)
    return None if found is Meaning.REFUND else found
