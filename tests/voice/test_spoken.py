"""Spoken form and clauses: the cases stand in spoken.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast, get_args

import pytest
import yaml
from misaki.zh import ZHG2P

from doublure.errors import SettingsError
from doublure.media import LANGUAGES, Language
from doublure.voice.phones.symbols import phones
from doublure.voice.spoken.clauses import LONGEST_SECONDS, clauses, seconds
from doublure.voice.spoken.form import spoken
from doublure.voice.spoken.lexicon import MOST, lexicon, load_lexicon

TABLE: dict[Language, dict[str, list[list[str]]]] = yaml.safe_load(
    (Path(__file__).parents[1] / "spoken.yaml").read_text(encoding="utf-8")
)
CASES = [
    (language, kind, written, said)
    for language, kinds in TABLE.items()
    for kind, cases in kinds.items()
    for written, said in cases
]


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        pytest.param(language, written, said, id=f"{language}-{kind}-{written}")
        for language, kind, written, said in CASES
    ],
)
def test_it_is_said_as_a_host_says_it(language: Language, written: str, said: str) -> None:
    assert spoken(written, language) == said


def test_the_table_is_large_and_says_nothing_twice() -> None:
    assert set(TABLE) == set(get_args(Language))
    for language in LANGUAGES:
        written = [text for one, _, text, _ in CASES if one == language]
        assert len(written) >= 160
        assert len(written) == len(set(written))


def test_no_digit_and_no_sign_is_left() -> None:
    for language, _, written, _ in CASES:
        said = spoken(written, language)
        assert not re.search(r"[\d¥$€£¢%‰×°+±&@#*/<>=~_]", said), said


def test_a_spoken_form_stays_as_it_is() -> None:
    for language, _, _, said in CASES:
        assert spoken(said, language) == said


@pytest.mark.parametrize("text", ["", "  ", "🔥🔥", "!!!", "。", "→ ()"])
def test_nothing_to_say(text: str) -> None:
    for language in LANGUAGES:
        assert not re.search(r"\w", spoken(text, language))
        assert clauses(text, language) == []


def test_other_scripts_and_long_numbers_do_no_harm() -> None:
    for language in LANGUAGES:
        for text in (
            "Привет 5",
            "ありがとう3",
            "9" * 60,
            "1,2,3,4",
            "1.2.3.4",
            "--5--",
            "5 5 5",
            "%%%5%%",
            "$",
            "¥",
            "12:99",
        ):
            assert not re.search(r"\d", spoken(text, language))


# ---- bad input -------------------------------------------------------------------------------------

LONG = {
    "digits": "9" * 5000,
    "letters": "a" * 5000,
    "capitals": "X" * 5000,
    "hanzi": "一" * 5000,
    "emoji": "🔥" * 5000,
    "blanks": " " * 5000,
    "dots": "." * 5000,
    "brackets": "(" * 5000,
    "open tags": "<a " * 1667,
    "hashtags": "#a" * 2500,
    "ranges": "1-" * 2500,
    "products": "1x" * 2500,
    "thousands": "1,234" * 1000,
    "ratios": "1:" * 2500,
    "prices": "¥59.9 $5 12€90 " * 350,
    "titles": "今天129.9元 2件8折，" * 330,
}


@pytest.mark.parametrize("kind", LONG)
def test_five_thousand_characters_are_said(kind: str) -> None:
    for language in LANGUAGES:
        assert not re.search(r"\d", spoken(LONG[kind], language))


def test_marks_of_any_kind_are_read_or_dropped() -> None:
    """Every character by itself, between letters and between digits; private ones among them."""
    codes = [
        *range(0x20),
        *range(0x7F, 0x500),
        *range(0x2000, 0x2C00),
        *range(0x3000, 0x3400),
        0xD800,
        0xE000,
        0x1F600,
    ]
    for language in LANGUAGES:
        for code in codes:
            mark = chr(code)
            said = spoken(f"{mark}a{mark}b1{mark}2{mark}", language)
            assert not re.search(r"[\d\x00-\x1f\x7f-\x9f\ue000-\uf8ff]", said, re.ASCII), hex(code)


def test_what_looks_like_markup_of_speech_is_not_said() -> None:
    written = (
        '<speak><prosody rate="fast">5</prosody><phoneme alphabet="ipa" ph="x">a</phoneme><!-- b --></speak>'
    )
    assert spoken(written, "en") == "five a"
    assert spoken("2 < 3 > 1", "en") == "two less than three more than one"


# ---- the shop's own words --------------------------------------------------------------------------

SHOP = {
    "SK-II": "S-K two",
    "CHANDO": "自然堂",
    "乐欣": "yue4 xin1",
    "乐欣乐": "yuè xīn lè",
    "尉迟": "yù chí",
    "3CE": "三C-E",
    "A.P.C.": "A-P-C",
}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("SK-II神仙水230ml", "S-K two神仙水两百三十毫升"),
        ("sk-ii买2送1", "S-K two买二送一"),
        ("CHANDO面膜", "自然堂面膜"),
        ("3CE眼影2盒¥99", "三C-E眼影两盒九十九元"),
        ("A.P.C.包", "A-P-C包"),
        ("MyCHANDO", "MyCHANDO"),
    ],
)
def test_words_of_the_shop_are_said_as_it_says_them(written: str, said: str) -> None:
    assert spoken(written, "zh", lexicon(SHOP, "zh")) == said


@pytest.mark.parametrize(
    ("written", "pinyin"), [("乐欣", "yue4 xin1"), ("尉迟", "yu4 chi2"), ("乐欣乐", "yue4 xin1 le4")]
)
def test_pinyin_is_heard(written: str, pinyin: str) -> None:
    """Characters stand for the pinyin; what sounds is the pinyin."""
    heard = "".join(one.symbols for one in phones(spoken(written, "zh", lexicon(SHOP, "zh")), "zh"))
    assert heard == "".join(ZHG2P.py2ipa(syllable) for syllable in pinyin.split()).replace("\u032f", "")


def test_words_of_the_shop_in_other_languages() -> None:
    assert (
        spoken("New Loewe bag, $5", "en", lexicon({"Loewe": "lo-eh-veh"}, "en"))
        == "New lo-eh-veh bag, five dollars"
    )
    assert spoken("un sac Hermès", "fr", lexicon({"hermès": "èrmesse"}, "fr")) == "un sac èrmesse"
    assert spoken("xi1", "en", lexicon({"Xi": "she"}, "en")) == "xi one"


def test_the_longest_word_of_the_shop_wins_and_none_is_none() -> None:
    ours = lexicon({"north": "nord", "north face": "norde fesse"}, "fr")
    assert spoken("North Face, north", "fr", ours) == "norde fesse, nord"
    assert spoken("5 €", "fr", lexicon({}, "fr")) == "cinq euros"


def test_phones_of_the_shop_are_heard_and_others_say_its_words() -> None:
    ours = lexicon({"Loewe": "/loʊˈɛveɪ/", "SK-II": "S-K two /ˌɛskˌeɪtˈu/"}, "en")
    said = spoken("The new Loewe, Loewes, SK-II!", "en", ours)
    assert said == "The new Loewe, Loewes, S-K two!"
    found = {one.text: one.symbols for one in phones(said, "en", ours.sounds)}
    assert found["Loewe"] == "lOˈɛvA"
    assert found["S-K two"] == "ˌɛskˌAtˈu"
    assert found["Loewes"] == phones("Loewes", "en")[0].symbols
    assert phones(said, "en")[2].symbols != found["Loewe"]
    # order, punctuation and the words around stay
    assert "".join(one.symbols for one in phones(said, "en", ours.sounds) if not one.text) == ",,!"


def test_phones_inside_mandarin_stand_between_its_words() -> None:
    ours = lexicon({"希贝": "/ɕi→pei↘/"}, "zh")
    found = phones(spoken("喜欢希贝的朋友", "zh", ours), "zh", ours.sounds)
    assert [one.text for one in found] == ["喜欢", "希贝", "的", "朋友"]
    assert found[1].symbols == "ɕi→pei↘"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ({"a": "/x/y/"}, "strokes"),
        ({"a": "either/or"}, "strokes"),
        ({"88": "/a/"}, "digits"),
        ({"a": "/ʘ/"}, "the phone 'ʘ' of 'a'"),
        ({"a": ""}, "empty"),
        ({"🔥": "fire"}, "empty"),
        ({"a": "version 2"}, "digits"),
        ({"a": "xi1 zzz4"}, "no character"),
        ({str(number): "a" for number in range(MOST + 1)}, "words"),
    ],
)
def test_a_lexicon_that_cannot_be_said_is_refused(words: dict[str, str], complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        lexicon(words, "zh")


def test_more_words_than_marks_do_no_harm() -> None:
    ours = lexicon({"a": "eh"}, "en")
    assert spoken("a " * (MOST + 5), "en", ours).count("a") == MOST + 5


# ---- clauses ---------------------------------------------------------------------------------------

TEXTS: dict[Language, tuple[str, ...]] = {
    "zh": (
        "大家好，欢迎来到北窗小铺！今天带了三样东西，一次两分钟，每三十秒震一下，提醒您换一边。原价159，今天129.9元。",
        "它是我们家卖得最好的一款电动牙刷采用了全新的声波技术可以深入清洁牙缝里面的食物残渣让您每天都有清新的口气。",
        "原价1,299元，今天20:30开播，只要¥999.50！",
        "好。",
        "“真的吗？”她说，“真的！”（笑）",
    ),
    "en": (
        "Yes, hold the button for 5 seconds and it locks, so it won't start in your bag. It was $1,299.90, now 3.5 off.",
        "No fizzy drinks, please. The gas pushes the lid open and it sprays.",
        "It runs for two minutes at a time and buzzes every thirty seconds so that you know when you should switch to the "
        "other side of your mouth without having to count in your head",
        "OK.",
    ),
    "fr": (
        "Oui, un appui de 5 secondes et elle se verrouille. Elle ne démarre pas toute seule. C'est 1 299,90 €, et voilà.",
        "L'intérieur est en inox 316 : pas de goût, pas d'odeur ! Il y en a trois : quotidien, doux et intense.",
        "Merci.",
    ),
}
PAIRS = [(language, text) for language in LANGUAGES for text in TEXTS[language]]


@pytest.mark.parametrize(("language", "text"), PAIRS)
def test_clauses_are_the_text(language: str, text: str) -> None:
    found = clauses(text, cast(Language, language))
    assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", text)
    assert all(clause == clause.strip() and re.search(r"\w", clause) for clause in found)


@pytest.mark.parametrize(("language", "text"), PAIRS)
def test_clauses_are_neither_long_nor_chopped(language: str, text: str) -> None:
    tongue = cast(Language, language)
    found = clauses(text, tongue)
    assert all(seconds(clause, tongue) <= LONGEST_SECONDS for clause in found)
    assert seconds(found[0], tongue) <= 3.6
    assert all(seconds(clause, tongue) >= 0.6 for clause in found[1:])


def test_numbers_stay_whole() -> None:
    for language in LANGUAGES:
        for text in TEXTS[language]:
            for number in re.findall(r"\d+(?:[.,: ]\d+)+", text):
                assert any(number in clause for clause in clauses(text, language)), number


def test_a_sentence_that_fits_is_not_cut() -> None:
    assert clauses("它不是羽绒服。", "zh") == ["它不是羽绒服。"]
    assert clauses("In three hours, it is full.", "en") == ["In three hours, it is full."]
    assert clauses("On l'enfile, on l'oublie.", "fr") == ["On l'enfile, on l'oublie."]


def test_a_lexicon_file_is_read_and_its_mistakes_have_lines(tmp_path: Path) -> None:
    file = tmp_path / "lexicon.yaml"
    file.write_text("希贝: xi1 bei4\nSK-II: S-K two\n", "utf-8")
    words = load_lexicon(file, "zh")
    assert spoken("希贝的新款", "zh", words) != spoken("希贝的新款", "zh")
    file.write_text("希贝: xi1 bei4\nOslo: route 66\n", "utf-8")
    with pytest.raises(SettingsError, match="digits") as caught:
        load_lexicon(file, "zh")
    assert caught.value.where == f"{file}:2"
    file.write_text("- not\n- words\n", "utf-8")
    with pytest.raises(SettingsError):
        load_lexicon(file, "zh")


@pytest.mark.parametrize(
    ("text", "language", "first"),
    [
        ("付款以后48小时内发货。到您手里一般是3到5天。", "zh", "付款以后"),
        ("可以的，它是IPX7防水，洗澡的时候也能用。", "zh", "可以的，它是IPX7防水，"),
        ("好的。", "zh", "好的。"),
        ("Yes, hold the button for 5 seconds and it locks.", "en", "Yes, hold the button"),
        ("We ship within 48 hours. It's usually quick.", "en", "We ship within 48 hours."),
        ("C'est l'entrepôt qui choisit le transporteur.", "fr", "C'est l'entrepôt"),
    ],
)
def test_where_air_waits_the_first_clause_is_short(text: str, language: Language, first: str) -> None:
    found = clauses(text, language, soon=True)
    assert found[0] == first
    assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", text)
    assert found[2:] == clauses(text, language)[len(clauses(text, language)) - len(found[2:]) :]
