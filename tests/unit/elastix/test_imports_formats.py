import gzip
import io

import pytest

from elastix.imports.core import Options, UnreadableFile, formats, open_table
from pricing.sales.core.files import TRANSACTIONS
from tests.unit.elastix.imports_helpers import ROW, csv_text, gzipped, read, row, table, whole

CAFE = csv_text([row(Description="CAFÉ \u2013 10 €")])


@pytest.mark.parametrize(
    ("encoding", "reported"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_encoding_is_found_out(encoding, reported):
    opened = table(CAFE.encode(encoding))
    assert opened.report.encoding == reported
    assert opened.header[0] == "InvoiceNo"
    assert whole(opened).columns["description"] == ["CAFÉ \u2013 10 €"]


NAMES = {
    "German": "Müller,Käse,Brötchen,Süßigkeiten,Grüne Soße,Äpfel,Öl,Weißbier,Köln,Gewürz",
    "French": "Café crème,Pâté,Crème brûlée,Thé glacé,Gâteau,Forêt,Noël,Français,Chèvre,Où",
    "Polish": "Łódź,Żółty ser,Śledź,Kraków,Gdańsk,Wędlina,Książka,Stół,Łyżka,Źródło",
    "Czech": "Žluťoučký kůň,Příbor,Šálek,Talíř,Židle,Plzeň,Děčín,Křeslo,Růže,Mléko",
    "Hungarian": "Győr,Fűszer,Szőlő,Gyümölcs,Tányér,Könyv,Őszibarack,Tűzhely,Kávé,Sütő",
    "Turkish": "İstanbul,Çay,Şeker,Bıçak,Kaşık,Gümüş,Ağaç,Işık,Çiğdem,Yoğurt",  # noqa: RUF001
    "Russian": "Молоко,Хлеб белый,Чашка,Тарелка глубокая,Москва,Свеча,Книга,Стул,Ложка,Россия",
    "Greek": "Γάλα,Ψωμί,Τυρί,Αθήνα,Καφές,Ποτήρι,Πιάτο,Κερί,Βιβλίο,Καρέκλα",
    "Japanese": "牛乳,パンの缶,チーズ,東京都,コーヒー,コップ,お皿,ろうそく,本棚,椅子",
}


def named(language, rows):
    names = NAMES[language].split(",")
    return [row(Description=names[number % len(names)]) for number in range(rows)]


@pytest.mark.parametrize("rows", [20, 2_000])
@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("German", "cp1252"),
        ("German", "mac-roman"),
        ("German", "cp850"),
        ("French", "cp1252"),
        ("French", "mac-roman"),
        ("Polish", "cp1250"),
        ("Polish", "iso8859-2"),
        ("Czech", "cp1250"),
        ("Hungarian", "cp1250"),
        ("Turkish", "cp1254"),
        ("Russian", "cp1251"),
        ("Russian", "koi8-r"),
        ("Russian", "cp866"),
        ("Greek", "cp1253"),
        ("Japanese", "cp932"),
    ],
)
def test_names_in_an_older_encoding_are_read_as_they_are(language, encoding, rows):
    lines = named(language, rows)
    opened = table(csv_text(lines).encode(encoding))
    assert whole(opened).columns["description"] == [line[2] for line in lines]
    notes = " ".join(opened.report.notes)
    assert ("which was guessed: name the encoding if" in notes) == (encoding != "cp1252")
    # The first names stand in the note as they were read.
    assert (
        encoding == "cp1252" or NAMES[language].split(",")[0].split(" ")[0] in notes or language == "Japanese"
    )


def test_the_guessed_encoding_is_in_the_report():
    report = table(csv_text(named("German", 20)).encode("mac-roman")).report
    assert report.encoding == "mac-roman"
    assert report.notes == (
        "The file was read as mac-roman, which was guessed:"
        ' name the encoding if "Müller", "Käse", "Brötchen" look wrong.',
    )
    assert table(csv_text(named("Russian", 20)).encode("cp1251")).report.encoding == "cp1251"


@pytest.mark.parametrize(
    "names",
    [
        ["CAFÉ"],
        ["Müller", "Smørrebrød", "Piñata", "crème"],
        ["Levi\u2019s", "10 €", "½ kg", "\u201cold\u201d"],
        ["Históric", "Bokmål", "Señor"],
    ],
)
def test_a_few_western_names_are_not_taken_for_something_rare(names):
    opened = table(csv_text([row(Description=name) for name in names]).encode("cp1252"))
    assert whole(opened).columns["description"] == names
    assert opened.report.notes == ()


@pytest.mark.parametrize("encoding", ["mac-roman", "cp850"])
def test_a_capital_within_a_word_speaks_against_an_encoding(encoding):
    names = ["Café", "Purée", "Soufflé"]
    assert (
        read(csv_text([row(Description=name) for name in names]).encode(encoding)).columns["description"]
        == names
    )


def test_a_word_that_fits_no_encoding_well_is_read_as_windows_1252_with_a_note():
    opened = table(csv_text([row(Description="Wędka żółta")]).encode("cp1250"))
    assert opened.report.notes == (
        'The file was read as latin-1, which was guessed: name the encoding if "Wêdka", "¿ó³ta" look wrong.',
    )


def test_the_telling_names_may_come_late_in_the_file():
    lines = [*[row(Description="VOUCHER £5")] * 5_000, *named("German", 30)]
    assert read(csv_text(lines).encode("mac-roman")).columns["description"][-10:] == NAMES["German"].split(
        ","
    )


def test_many_utf8_letters_outvote_a_few_broken_bytes_wherever_a_block_ends():
    for padding in range(4):
        lines = [row(Description="x" * padding + "Привет")] * 1_500
        content = csv_text(lines).encode() + ",".join(row(Description="BRO")).encode() + b"\xff\n"
        opened = table(content)
        assert opened.report.encoding == "utf-8"
        assert set(whole(opened).columns["description"]) == {"x" * padding + "Привет"}


def test_one_letter_that_a_block_cuts_is_still_utf8():
    start = csv_text([ROW] * 300)
    beginning = ",".join(ROW[:2]) + ","
    padding = "x" * (formats.BLOCK - len(start) - len(beginning) - 1)
    content = f"{start}{beginning}{padding}é,{','.join(ROW[3:])}\n".encode()
    assert content[formats.BLOCK - 1] == "é".encode()[0]
    assert table(content).report.encoding == "utf-8"


def test_a_broken_letter_of_several_bytes_costs_only_its_row():
    content = csv_text([*named("Japanese", 2_000), row(Description="BROKEN")]).encode("euc_jp")
    chunk = read(content.replace(b"BROKEN", b"BRO\xffKEN"))
    assert len(chunk.line_numbers) == 2_000
    assert [(reject.line, reject.reason) for reject in chunk.rejects] == [(2_002, "broken_characters")]


def test_a_byte_that_the_likeliest_encoding_has_not_is_no_crash():
    lines = csv_text(named("Greek", 2_000)).encode("cp1253")
    odd = csv_text([row(Description="ODD")]).splitlines()[1].encode().replace(b"ODD", b"O\xd2D")
    opened = table(lines + odd + b"\n")
    assert opened.report.encoding != "cp1253"
    assert len(whole(opened)) == 2_001


def test_text_without_the_signs_of_windows_1252_is_called_latin_1():
    opened = table(csv_text([row(Description="VOUCHER £5")]).encode("latin-1"))
    assert opened.report.encoding == "latin-1"
    assert whole(opened).columns["description"] == ["VOUCHER £5"]


def test_the_first_foreign_letter_may_come_late_in_the_file():
    late = csv_text([*[ROW] * 5_000, row(Description="VOUCHER £5")])
    assert read(late.encode("latin-1")).columns["description"][-1] == "VOUCHER £5"
    assert read(late.encode("utf-8")).columns["description"][-1] == "VOUCHER £5"


def test_a_letter_cut_by_the_edge_of_a_block_is_read_whole():
    for padding in range(4):
        content = csv_text([*[row(Description="£" * 200)] * 400, row(Description="x" * padding + "£")])
        chunk = read(content)
        assert set(chunk.columns["description"][:-1]) == {"£" * 200}


def test_a_named_encoding_is_used():
    content = csv_text([row(Description="Žluťoučký")]).encode("cp1250")
    assert read(content, encoding="cp1250").columns["description"] == ["Žluťoučký"]


@pytest.mark.parametrize("encoding", ["nonsense", "hex", "rot13", "\0"])
def test_an_unknown_encoding_is_refused(encoding):
    with pytest.raises(UnreadableFile, match="There is no text encoding"):
        table(CAFE, encoding=encoding)


def test_a_file_that_is_not_in_the_named_encoding_is_refused():
    with pytest.raises(UnreadableFile, match="not in the encoding ascii"):
        table(CAFE, encoding="ascii")
    with pytest.raises(UnreadableFile, match="not in the encoding utf-16"):
        table(CAFE.encode("utf-16-le") + b"x", encoding="utf-16")


def test_one_broken_byte_in_a_utf8_file_costs_only_its_row():
    content = csv_text(
        [row(Description="CAFÉ"), row(Description="NAÏVE"), row(Description="BROKEN")]
    ).encode()
    chunk = read(content.replace(b"BROKEN", b"BRO\xffKEN"))
    assert chunk.columns["description"] == ["CAFÉ", "NAÏVE"]
    assert [(reject.line, reject.reason) for reject in chunk.rejects] == [(4, "broken_characters")]
    chunk.rejects[0].message.encode("utf-8")
    chunk.rejects[0].raw_row[2].encode("utf-8")


def test_lone_surrogates_of_a_utf16_file_cost_only_their_row():
    content = csv_text([row(), row(Description="BROKEN")]).encode("utf-16-le")
    broken = content.replace("BROKEN".encode("utf-16-le"), "BRO".encode("utf-16-le") + b"\x00\xd8")
    assert [reject.reason for reject in read(broken).rejects] == ["broken_characters"]


def test_compressed_text_is_unpacked():
    opened = table(gzipped(CAFE.encode()))
    assert opened.report.compressed
    assert whole(opened).columns["description"] == ["CAFÉ \u2013 10 €"]


def test_several_compressed_parts_are_one_text():
    text = csv_text([ROW, ROW]).encode()
    assert len(whole(table(gzipped(text[:120]) + gzipped(text[120:]))).line_numbers) == 2


@pytest.mark.parametrize(
    "damage", [lambda packed: packed[:-20], lambda packed: packed[:40] + b"\0" * 40 + packed[80:]]
)
def test_damaged_compression_is_refused(damage):
    packed = gzipped("".join(csv_text([row(Description=str(n * 7919 % 1000))]) for n in range(300)).encode())
    with pytest.raises(UnreadableFile, match="damaged or cut off"):
        table(damage(packed))


def test_a_text_larger_than_the_limit_is_refused_packed_or_not():
    content = csv_text([ROW] * 100_000).encode()
    packed = gzipped(content)
    assert len(packed) < 100_000
    for data in (content, packed):
        with pytest.raises(UnreadableFile, match=r"more than 100,000 bytes when unpacked: split it"):
            table(data, max_bytes=100_000)


def test_a_bomb_is_given_up_at_the_limit():
    packed = gzip.compress(b"a" * 50_000_000)

    class Counting(io.BytesIO):
        taken = 0

        def read(self, size=-1, /):
            data = super().read(size)
            Counting.taken += len(data)
            return data

    with pytest.raises(UnreadableFile, match="bytes when unpacked"):
        open_table(Counting(packed), TRANSACTIONS, Options(max_bytes=1_000_000))
    assert Counting.taken < len(packed) / 2 + 3 * formats.BLOCK


def test_an_endless_line_is_refused():
    with pytest.raises(UnreadableFile, match="A line has more than 1,000,000 characters"):
        table(csv_text([ROW]) + "x" * 1_100_000)


@pytest.mark.parametrize(
    "content", [b"", gzip.compress(b""), b"\n\n \n", b"\xef\xbb\xbf", b"\xff\xfe", b"\0\0\0\0"]
)
def test_files_with_nothing_in_them_are_refused(content):
    with pytest.raises(UnreadableFile, match=r"is empty|no rows|header|No column"):
        table(content)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.7\n...", "a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"SQLite format 3\0", "a database"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel"),
        (bytes(range(256)) * 20, "binary"),
        (gzip.compress(b"\x7fELF" + bytes(range(1, 32)) * 20), "binary"),
        (gzip.compress(gzip.compress(b"a,b")), "another archive"),
        (gzip.compress(b"PK\x03\x04"), "another archive"),
    ],
)
def test_what_is_no_table_is_named(content, sentence):
    with pytest.raises(UnreadableFile, match=sentence):
        table(content)


def test_a_file_object_is_rewound_and_stays_open():
    stream = io.BytesIO(csv_text([ROW]).encode())
    stream.seek(7)
    assert whole(open_table(stream, TRANSACTIONS)).line_numbers == [2]
    assert not stream.closed
