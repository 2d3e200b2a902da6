"""One small shop of which every derived number can be worked out with pencil and paper.

It sells TEA at 5.00 (two days at 4.00), POT at 20.00 and the service POST from 3 to 31 March 2025, a Monday to a
Monday. DAN's pots are cancelled the next day, BOB brings one tea back, EVE gets two teas for nothing, one buyer is
nobody we know.
"""

import csv
import io

HEADER = (
    "InvoiceNo",
    "InvoiceDate",
    "CustomerID",
    "StockCode",
    "Quantity",
    "UnitPrice",
    "Description",
    "Country",
)
LINES = """
101  03 ANN TEA  4  5.00
101  03 ANN POST 1  3.50
102  04 BOB TEA  2  5.00
103  05 CAT POT  2 20.00
104  06 -   TEA  3  5.00
105  10 ANN TEA  6  5.00
106  12 DAN POT  3 20.00
C107 13 DAN POT -3 20.00
108  14 BOB TEA  3  4.00
109  15 EVE TEA  3  4.00
110  17 ANN TEA  5  5.00
111  18 DAN TEA  1  5.00
112  19 EVE TEA  2  0.00
112  19 EVE POT  1 20.00
C113 20 BOB TEA -1  4.00
114  24 ANN TEA  4  5.00
114  24 ANN POT  1 20.00
115  28 FAY TEA  2  5.00
116  31 ANN TEA  3  5.00
117  31 ANN TEA  x  5.00
"""
NAMES = {"TEA": "Tea", "POT": "Tea pot", "POST": "Postage"}


def hand_shop_csv() -> bytes:
    """The file of sales; its last line has a quantity that is no number."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for line in LINES.split("\n"):
        if line:
            invoice, day, customer, code, quantity, price = line.split()
            known = "" if customer == "-" else customer
            writer.writerow(
                (invoice, f"2025-03-{day} 12:00", known, code, quantity, price, NAMES[code], "United Kingdom")
            )
    return text.getvalue().encode()
