import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.sales.core.service_codes import is_service_code, normalise_code, suggest_service_codes

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


def test_codes_are_stripped_and_upper_cased():
    assert normalise_code("  85123a \n") == "85123A"
    assert normalise_code("bank charges") == "BANK CHARGES"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must not be empty"),
        (" \t ", "must not be empty"),
        ("A" * 51, "longer than 50 characters"),
        ("A\x00B", "invisible or broken"),
        ("A\nB", "invisible or broken"),
        ("A\x7f", "invisible or broken"),
        ("A\u200bB", "invisible"),
        ("\u202eBA", "invisible"),
        ("A\u2028B", "invisible"),
        ("A\ud800", "invisible"),
        ("CAF\ufffd", "broken"),
        ("\u00a0", "must not be empty"),
        ("咖" * 51, "longer than 50 characters"),
    ],
)
def test_a_code_that_cannot_be_stored_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(ValueError, match=sentence) as refusal:
        normalise_code(text)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a/12-b", "A/12-B"),
        ("käse-1", "KÄSE-1"),
        ("crème brûlée", "CRÈME BRÛLÉE"),
        ("咖啡", "咖啡"),
        ("50% off tee", "50% OFF TEE"),
        ("a+b?x=1#3", "A+B?X=1#3"),
        ("кофе", "КОФЕ"),
        ("καφές", "ΚΑΦΈΣ"),
        ("A\u00a0B\u3000C", "A B C"),
        ("KA\u0308SE", "KÄSE"),
    ],
)
def test_codes_hold_slashes_signs_and_letters_of_any_script(text, code):
    assert normalise_code(text) == code


@pytest.mark.parametrize(
    ("one", "other"), [("straße", "strasse"), ("ﬁx", "fix"), ("kal\u0131p", "kalip"), ("\u017fet", "set")]
)
def test_codes_that_only_capitals_would_make_equal_stay_apart(one, other):
    assert normalise_code(one) != normalise_code(other)


def test_fifty_characters_are_not_too_many():
    assert normalise_code(" " + "x" * 50 + " ") == "X" * 50


def test_a_very_long_code_is_not_repeated_whole_in_the_message():
    with pytest.raises(ValueError, match="longer than 50") as refusal:
        normalise_code("A" * 5000)
    assert len(str(refusal.value)) < 150


@given(st.text(alphabet=PRINTABLE, min_size=1, max_size=50).filter(str.strip))
def test_normalising_twice_changes_nothing(text):
    code = normalise_code(text)
    assert normalise_code(code) == code
    assert code == text.strip().upper()


@given(st.text(max_size=60))
def test_any_text_gives_a_valid_code_or_a_value_error(text):
    try:
        code = normalise_code(text)
    except ValueError:
        return
    assert 1 <= len(code) <= 50
    assert code.isprintable()
    assert unicodedata.is_normalized("NFC", code)
    assert normalise_code(code) == code


@pytest.mark.parametrize(
    "code",
    [
        "POST",
        "DOT",
        "M",
        "D",
        "S",
        "B",
        "C2",
        "C3",
        "CRUK",
        "PADS",
        "AMAZONFEE",
        "ADJUST",
        "ADJUST2",
        "TEST001",
        "GIFT",
        "GIFT_0001_20",
        "SP1",
        "SP1002",
        "BANK CHARGES",
    ],
)
def test_services_are_recognised(code):
    assert is_service_code(code)


@pytest.mark.parametrize(
    "code",
    [
        "SKU-12",
        "P001",
        "DCGS0058",
        "85123A",
        "C1",
        "C22",
        "MUG",
        "DOTS",
        "POSTER",
        "SP",
        "SPOON",
        "SP12A",
        "GIFTBOX",
        "BADJUST",
        "BTEST",
        "22423",
        "AMAZONFEES",
        "PADS2",
        "BANK",
    ],
)
def test_merchandise_of_any_shape_is_left_alone(code):
    assert not is_service_code(code)


def test_a_shop_can_bring_its_own_patterns():
    patterns = ("FEE-#", "X?Z", "A.C")
    assert [is_service_code(code, patterns) for code in ("FEE-12", "XYZ", "A.C")] == [True, True, True]
    assert not any(is_service_code(code, patterns) for code in ("FEE-", "XYYZ", "ABC", "POST"))


def test_without_patterns_nothing_is_a_service():
    assert not is_service_code("POST", ())
    assert not is_service_code("", ())


def suggest(codes, descriptions, lines, **options):
    counts = [sum(index == place for index, _ in lines) for place in range(len(codes))]
    negative = [sum(index == place and price < 0 for index, price in lines) for place in range(len(codes))]
    return suggest_service_codes(codes, descriptions, counts, negative, **options)


def test_a_code_with_mostly_negative_prices_is_suggested():
    codes, descriptions = ["MUG", "DEBT"], ["Blue mug", "Written off"]
    (found,) = suggest(codes, descriptions, [(0, 2.0), (0, -2.0), (1, -9.0), (1, -8.0), (1, 1.0)])
    assert (found.code, found.lines, found.reason) == ("DEBT", 3, "negative_prices")


def test_a_description_that_ends_in_a_fee_is_suggested_and_one_that_mentions_it_is_not():
    codes = ["23444", "23099", "22016", "10001"]
    descriptions = ["Next Day Carriage", "FRENCH CARRIAGE LANTERN", "Shop Gift Voucher £100.00", "Coffee mug"]
    found = suggest(codes, descriptions, [(0, 15.0), (1, 4.0), (2, 83.0), (3, 2.0)])
    assert [(one.code, one.reason) for one in found] == [
        ("22016", "fee_description"),
        ("23444", "fee_description"),
    ]


def test_known_services_and_codes_without_lines_are_not_suggested():
    assert suggest(["POST", "LATE"], ["Postage", "Late fee"], [(0, 18.0)]) == []
    (found,) = suggest(["POST", "LATE"], ["Postage", ""], [(0, 18.0)], patterns=())
    assert found.code == "POST"


def test_a_shop_can_bring_its_own_words():
    (found,) = suggest(["V1"], ["Zegelkosten 4,90"], [(0, 4.9)], fee_words=["Zegelkosten"])
    assert found.code == "V1"


@pytest.mark.parametrize(
    "text",
    [
        "Gift card 25 €", "Bottle deposit", "Tip", "Versandkosten 4,90", "Flaschenpfand 0,25", "Bearbeitungsgebühr",
        "Bearbeitungsgebu\u0308hr", "Frais de port", "Carte cadeau 50 €", "Livraison express", "Gastos de envío", "Propina",
        "Spese di spedizione", "Sconto fedeltà", "Verzendkosten", "Statiegeld",
    ],
)  # fmt: skip
def test_fees_are_found_in_the_six_languages_of_headers(text):
    assert [one.reason for one in suggest(["X1"], [text], [(0, 1.0)])] == ["fee_description"]


@pytest.mark.parametrize(
    "text",
    [
        "Tip-top lamp", "Gift card holder", "Card gift", "Pfandflaschenöffner", "Port wine glass", "Spesebuch",
        "Fraise des bois", "Remisensteine", "Gastos", "Tipster", "Deposit box", "Card", "", "12",
    ],
)  # fmt: skip
def test_merchandise_that_only_sounds_like_a_fee_is_not_suggested(text):
    assert suggest(["X1"], [text], [(0, 1.0)]) == []


@pytest.mark.parametrize("code", ["PFAND", "TIP", "SHIPPING", "GIFT CARD", "VERSAND"])
def test_codes_that_are_the_word_for_a_service_are_services(code):
    assert is_service_code(code)
    assert not is_service_code(f"{code}1")
