from __future__ import annotations

import io
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from agents.knowledge.document import digest, key
from agents.policy import Policy
from schemas.codec import Codec
from schemas.errors import InvalidRequestError, SetupError, UnknownNameError
from schemas.records import Document, Value
from streams.ingest import changes
from streams.ingest.changes import Collection
from streams.ingest.files import File, files
from streams.ingest.markdown import markdown
from streams.ingest.metadata import given as given_metadata
from streams.ingest.metadata import typed
from streams.ingest.pdf import pdf
from streams.ingest.readers import READERS
from streams.ingest.reading import Read, plain, read
from streams.ingest.tables import table
from streams.ingest.web import page
from tests.fakes.cache import document as policy_document

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)


def lines(text: str) -> bytes:
    return dedent(text).lstrip("\n").encode()


def printed(*pages: str, password: str | None = None) -> bytes:
    """A PDF whose pages show these texts; a page without one is bare."""
    writer = PdfWriter()
    font = DictionaryObject({NameObject(f"/{k}"): NameObject(f"/{v}") for k, v in _FONT.items()})
    for text in pages:
        sheet = writer.add_blank_page(200, 200)
        if text:
            stream = DecodedStreamObject()
            stream.set_data(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode())
            sheet[NameObject("/Contents")] = writer._add_object(stream)
            fonts = DictionaryObject({NameObject("/F1"): font})
            sheet[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    writer.add_metadata({"/Title": "Terms"})
    if password:
        writer.encrypt(password, algorithm="RC4-40")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


_FONT = {"Type": "Font", "Subtype": "Type1", "BaseFont": "Helvetica"}


def test_markdown_has_its_title_and_metadata_from_yaml() -> None:
    found = markdown(
        lines(
            """
            ---
            title: Terms of cards
            department: cards
            year: 2026
            rate: 1.5
            draft: false
            valid_from: 2026-01-31
            at: 2026-01-31T12:00:00Z
            nothing: null
            tags: [a, b]
            ---
            # Cards

            Text.
            """
        )
    )
    assert found == Read(
        "Terms of cards",
        "# Cards\n\nText.\n",
        {
            "department": "cards",
            "year": 2026.0,
            "rate": 1.5,
            "draft": False,
            "valid_from": "2026-01-31",
            "at": "2026-01-31T12:00:00+00:00",
        },
        ("left out of the metadata, being lists or tables: tags",),
    )
    assert type(found.metadata["draft"]) is bool
    assert type(found.metadata["year"]) is float


def test_markdown_has_its_title_and_metadata_from_toml() -> None:
    found = markdown(b'+++\r\ntitle = "T"\r\nsince = 2026-01-31\r\n+++\r\nText.\r\n')
    assert found == Read("T", "Text.\r\n", {"since": "2026-01-31"}, ())


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# The `PIN` #\ntext", "The `PIN`"),
        ("\ufeff\n# Cards", "Cards"),
        ("text\n# Cards", ""),
        ("## Second", ""),
        ("---\na rule above and below\n---\n", ""),
        ("---\nno end", ""),
        ("", ""),
    ],
)
def test_markdown_without_front_matter_is_called_as_its_first_line_if_that_is_a_heading(text: str, title: str) -> None:
    assert markdown(text.encode()) == Read(title, text.removeprefix("\ufeff"), {}, ())


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"---\na: b: c\n---\n", "its front matter is no YAML: mapping values are not allowed here"),
        (b"+++\na = \n+++\n", "its front matter is no TOML: Invalid value"),
        (b"---\ndate: 2024-02-30\n---\n", "its front matter is no YAML: day is out of range for month"),
        (b"---\nn: 0x_\n---\n", "its front matter is no YAML: invalid literal for int"),
        (b"---\na: !!timestamp soon\n---\n", "its front matter is no YAML: "),
        (b"---\n" + b"[" * 2000 + b"\n---\n", "its front matter is no YAML: it is nested too deeply"),
        (b"+++\na = " + b"[" * 2000 + b"\n+++\n", "its front matter is no TOML: it is nested too deeply"),
        (b"one\ntwo\nth\xe9\n", "line 3 is not UTF-8: save the file as UTF-8"),
    ],
)
def test_markdown_that_is_broken_says_where(raw: bytes, says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says):
        markdown(raw)


def test_a_page_is_what_only_it_has() -> None:
    found = page(
        lines(
            """
            <html><head><title>Cards | The bank</title><style>p {}</style></head>
            <body><header>Logo</header><nav><a href="/">Home</a></nav>
            <main>
            <h1>Cards</h1><script>track()</script>
            <p>See <a href="/fees">the fees</a> or <a href="https://law.example/x_y">the law</a>.
            <img src="data:xyz" alt="A card."></p>
            <aside>Cards are free.</aside>
            <ul><li>Harbour<ul><li>blue</li></ul></li></ul>
            <table><tr><th>card</th><th>fee</th></tr><tr><td>Harbour</td><td>0 * 2</td></tr></table>
            <pre><code>x = 1
            y = 2</code></pre>
            <p hidden>Not yet.</p>
            </main><footer>Imprint</footer></body></html>
            """
        )
    )
    assert found.title == "Cards | The bank"
    for words in (
        "# Cards",
        "See the fees or [the law](https://law.example/x_y).",
        "A card.",
        "Cards are free.",
        "- Harbour\n  - blue",
        "| card | fee |\n| --- | --- |\n| Harbour | 0 * 2 |",
        "```\nx = 1\ny = 2\n```",
    ):
        assert words in found.text
    for words in ("Logo", "Home", "track", "Imprint", "Not yet", "data:", "/fees"):
        assert words not in found.text


def test_a_page_that_does_not_say_what_its_main_part_is_loses_what_surrounds_it() -> None:
    found = page(b"<body><header>Logo</header><h1>Caf&eacute;</h1><p>Open.</p><aside>Ads</aside></body>")
    assert (found.title, found.text) == ("Café", "# Café\n\nOpen.")
    assert page(b"<head><title>Nothing</title></head>") == Read("Nothing", "", {}, ())
    assert page(b"<nav hidden><button>x</button></nav>text").text == "text"


def test_a_table_of_values_is_a_markdown_table_whose_cells_are_as_they_were() -> None:
    raw = b'\xef\xbb\xbfcard;fee;from\r\nHarbour;007;2026-01-31\r\n\r\n"a | b";"two\r\nlines"\r\n1;2;3;4\r\n'
    assert table(raw).text.split("\n") == [
        "| card | fee | from |  |",
        "|---|---|---|---|",
        "| Harbour | 007 | 2026-01-31 |  |",
        "| a \\| b | two lines |  |  |",
        "| 1 | 2 | 3 | 4 |",
    ]


def test_a_cell_may_hold_what_only_some_take_for_a_line_s_end() -> None:
    told = table("name,a\u2028note\nHarbour,by\u2028the\x85sea\n".encode()).text
    assert told == "| name | a note |\n|---|---|\n| Harbour | by the sea |"


def test_a_table_of_one_column_is_one() -> None:
    assert table(b"name\nHarbour\nLighthouse\n").text == "| name |\n|---|\n| Harbour |\n| Lighthouse |"
    assert table(b"\n\n").text == ""


def test_a_first_column_without_a_name_keeps_its_place() -> None:
    assert table(b"\t2025\t2026\nfee\t1\t2\n").text == "|  | 2025 | 2026 |\n|---|---|---|\n| fee | 1 | 2 |"


CELL = st.text(st.sampled_from("ab|,;\"' 1\\`\n\u2028\x85"), max_size=5)


@given(st.lists(st.lists(CELL, min_size=1, max_size=3).map(lambda cells: ["", "x", *cells]), max_size=5))
def test_a_table_of_any_cells_is_one_table_to_a_markdown_reader(rows: list[list[str]]) -> None:
    rows = [["name", "a", "b", "c", "d"], *rows]
    written = "\n".join("\t".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    kinds = [token.type for token in MarkdownIt("commonmark").enable("table").parse(table(written.encode()).text)]
    counts = [kinds.count(kind) for kind in ("table_open", "tr_open", "paragraph_open")]
    assert counts == [1, len(rows), 0]
    assert (kinds.count("tr_open"), kinds.count("td_open")) == (len(rows), 5 * (len(rows) - 1))


def test_a_pdf_is_the_text_of_its_pages_and_says_which_have_none() -> None:
    assert pdf(printed("Cards are free.", "Loans are not.")) == Read(
        "Terms", "Cards are free.\n\nLoans are not.", {}, ()
    )
    assert pdf(printed("", "Loans.", "")).notes == ("no text on page 1, 3 of 3, perhaps a picture of it",)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (printed("", ""), "has no text on any of its 2 pages"),
        (printed("secret", password="p"), "wants a password: save it without one"),
        (b"%PDF-1.7 and no more", "is no PDF that can be read"),
        (b"", "is no PDF that can be read"),
    ],
)
def test_a_pdf_without_text_says_why(raw: bytes, says: str) -> None:
    with pytest.raises(InvalidRequestError, match=says):
        pdf(raw)


@given(st.dictionaries(st.text(), st.text() | st.booleans() | NUMBERS | st.none() | st.lists(st.text())))
def test_metadata_is_text_numbers_and_booleans_and_nothing_is_rounded(fields: dict[str, object]) -> None:
    metadata, left_out = typed(fields)
    kept: dict[str, object] = {name: value for name, value in fields.items() if not isinstance(value, list | None)}
    assert metadata == kept
    assert all(type(value) in {str, float, bool} for value in metadata.values())
    assert set(left_out) == {name for name, value in fields.items() if isinstance(value, list)}


def test_an_integer_that_no_double_holds_is_text() -> None:
    assert typed({"id": 2**53 + 1}).metadata == {"id": "9007199254740993"}


@pytest.mark.parametrize(
    ("pair", "value"),
    [
        ("a=b", "b"),
        ("a=2026", 2026.0),
        ("a=-1.5", -1.5),
        ("a=true", True),
        ('a="007"', "007"),
        ("a=007", "007"),
        ("a=2026-01-31", "2026-01-31"),
        ("a=b=c", "b=c"),
        ("a=", ""),
        ("a=null", "null"),
        ("a=[1]", "[1]"),
        ("a=NaN", "NaN"),
        ("a=1e999", float("inf")),
    ],
)
def test_metadata_that_a_person_gives_is_what_it_looks_like(pair: str, value: Value) -> None:
    assert given_metadata([pair]) == {"a": value}


@pytest.mark.parametrize("pair", ["a", "=b", ""])
def test_metadata_that_is_no_pair_is_refused(pair: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"metadata '{pair}' is no name=value"):
        given_metadata([pair])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.md", "a.TXT", "deep/c.html", ".git/d.md", "deep/.e.md", "picture.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("text")
    return tmp_path


def test_a_folder_is_its_files_that_can_be_read_by_their_paths_within(folder: Path) -> None:
    assert [file.document_id for file in files([folder], READERS)] == ["a.TXT", "b.md", "deep/c.html"]
    assert files([folder / "deep" / "c.html"], READERS) == [File(folder / "deep" / "c.html", "c.html")]


def test_a_file_of_another_kind_is_refused_only_if_it_was_named(folder: Path) -> None:
    (named,) = files([folder / "picture.png"], READERS)
    with pytest.raises(InvalidRequestError, match=r"files of this kind are not read: \.csv, \.htm, "):
        read(named.path, READERS)


def test_a_path_that_leads_nowhere_is_refused_unless_it_is_to_go(folder: Path) -> None:
    with pytest.raises(SetupError, match="does not exist"):
        files([folder / "gone.md"], READERS)
    assert [file.document_id for file in files([Path("deep/gone.md")], READERS, gone=True)] == ["deep/gone.md"]


def test_two_files_that_would_be_one_document_are_refused(folder: Path) -> None:
    with pytest.raises(SetupError, match=r"would both be document 'c\.html': name the folder that holds both"):
        files([folder / "deep", folder / "deep" / "c.html"], READERS)


def test_a_file_without_a_title_is_called_as_it_is_named_and_no_title_is_long(tmp_path: Path) -> None:
    path = tmp_path / "opening hours.txt"
    path.write_text("9 to 5")
    assert read(path, READERS).title == "opening hours"
    path.write_text("")
    with pytest.raises(InvalidRequestError, match="there is no text in it"):
        read(path, READERS)
    path = tmp_path / "x.md"
    path.write_text(f"# {'long ' * 50}\n")
    assert len(read(path, READERS).title) == 120


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="cannot be read: No such file"):
        read(tmp_path / "gone.md", READERS)
    with pytest.raises(InvalidRequestError, match="line 1 is not UTF-8"):
        plain(b"\xff")


def collection(tenant: str = "bank", **metadata: Value) -> Collection:
    return Collection(tenant, "handbook", policy=Policy(policy_document()), codec=Codec(), metadata=metadata)


def test_a_file_is_published_as_a_document_of_its_collection(tmp_path: Path) -> None:
    path = tmp_path / "cards.md"
    path.write_text("---\ndraft: true\nyear: 2025\n---\n# Cards\n\nText.\n")
    change = collection(year=2026.0).ingested(File(path, "cards.md"))
    document = Codec().decode(change.value, Document)
    assert document == Document(
        tenant="bank",
        collection="handbook",
        document_id="cards.md",
        title="Cards",
        text="# Cards\n\nText.\n",
        metadata={"draft": True, "year": 2026.0},
    )
    assert type(document.metadata["draft"]) is bool
    assert (change.digest, change.key) == (digest(document), key("bank", "handbook"))
    assert collection().read(change.value) == change
    assert (
        Collection("bank", "other", policy=Policy(policy_document()), codec=Codec(), metadata={}).read(change.value)
        is None
    )


def test_a_removal_is_a_document_without_text() -> None:
    change = collection().removed("cards.md")
    assert Codec().decode(change.value, Document).text is None
    assert change.digest is None


def test_a_document_that_fits_into_no_record_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cards.md"
    path.write_text("text")
    monkeypatch.setattr(changes, "MAX_BYTES", 20)
    with pytest.raises(InvalidRequestError, match=r"makes a record of \d+ bytes, and 20 fit: split it"):
        collection().ingested(File(path, "cards.md"))


def test_a_tenant_that_the_policy_does_not_know_has_no_documents() -> None:
    with pytest.raises(UnknownNameError, match="tenant 'nobody' is not in the policy"):
        collection("nobody").removed("cards.md")


@given(st.text(), st.text(), st.text(), st.text())
def test_no_two_collections_share_a_key(tenant: str, name: str, other: str, another: str) -> None:
    assert (key(tenant, name) == key(other, another)) == ((tenant, name) == (other, another))
