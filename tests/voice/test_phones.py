"""Words to phones, in the three languages."""

from __future__ import annotations

import re

import pytest

from doublure.media import LANGUAGES, Language
from doublure.voice.phones.symbols import known_symbols, phones


def written(spoken: str, language: Language) -> str:
    """Phones as one string, a space at each word break."""
    return "".join(f" {one.symbols}" if one.spaced else one.symbols for one in phones(spoken, language))


@pytest.mark.parametrize(
    ("spoken", "wanted"),
    [
        ("好的", "xau↓ tɤ"),
        ("一百，", "i↘pai↓,"),
        ("重二百六十克", "ꭧʊ↘ŋ ɚ↘pai↓ljou↘ʂɨ↗ kʰɤ↘"),
        ("今天五十九块九。", "ʨi→ntʰjɛ→n u↓ʂɨ↗ʨjou↓ kʰwai↘ ʨjou↓."),
        ("T恤", "tʰi↘ ɕy↘"),
        ("U-S-B-C的", "jou→ ɛ→sɨ pi↘ sei→ tɤ"),
        ("X 二零", "ɛ→kʰəs ɚ↘li↗ŋ"),
    ],
)
def test_mandarin(spoken: str, wanted: str) -> None:
    assert written(spoken, "zh") == wanted


@pytest.mark.parametrize(
    ("spoken", "wanted"),
    [
        ("卖得最好", "tɤ"),
        ("拆得下来", "tɤ"),
        ("好看得不得了", "tɤ tɤ↗"),
        ("跑得一样快", "tɤ"),
        ("您得先充满电", "tei↓"),
        ("得用温水洗", "tei↓"),
        ("还得再等两天", "tei↓"),
        ("得了九十分", "tɤ↗"),
        ("得一百积分", "tɤ↗"),
        ("会员多得一百积分", "tɤ↗"),
        ("值得买", "tɤ"),
        ("得到", "tɤ↗"),
        ("一举两得", "tɤ↗"),
        ("迫不得已", "tɤ↗"),
        ("总得试一试", "tei↓"),
    ],
)
def test_de_is_read_as_what_it_means(spoken: str, wanted: str) -> None:
    found = re.findall("tɤ↗|tɤ(?![↗→↘↓])|tei↓", written(spoken, "zh"))
    assert " ".join(found) == wanted


@pytest.mark.parametrize(
    ("spoken", "wanted"),
    [
        ("thirty-nine dollars", "θˈɜɹTinˈIn dˈɑləɹz"),
        ("the end of the day", "ði ˈɛnd ʌv ðə dˈA"),
        ("to a jacket", "tʊ ɐ ʤˈækət"),
        ("U-S-B-C", "jˌuˌɛsbˌisˈi"),
        ("I-P-X seven", "ˌIpˌiˈɛks sˈɛvən"),
        ("we live here", "wi lˈɪv hˈɪɹ"),
        ("it's a live show", "ɪts ɐ lˈIv ʃˈO"),
    ],
)
def test_english(spoken: str, wanted: str) -> None:
    assert written(spoken, "en") == wanted


@pytest.mark.parametrize(
    ("spoken", "wanted"),
    [
        ("les enfants", "lez ɑ̃fˈɑ̃"),
        ("les haricots", "le aʁikˈo"),
        ("vous avez deux ans", "vuz avˈe dˈøz ˈɑ̃"),
        ("six minutes", "si minˈyt"),
        ("dix euros", "diz øʁˈo"),
        ("il y en a dix", "il i ɑ̃n a dˈis"),
        ("vingt-deux", "vˈɛ̃tdˈø"),
        ("de l'inox", "də linˈɔks"),
        ("l'U-S-B", "lyɛsbˈe"),
    ],
)
def test_french(spoken: str, wanted: str) -> None:
    assert written(spoken, "fr") == wanted


def test_marks_come_once_and_never_first() -> None:
    assert written("，。好！！。", "zh") == "xau↓!"
    assert written("... well ,,, yes ?!", "en") == "wˈɛl, jˈɛs?"
    assert phones("（）“”", "zh") == ()


def test_every_symbol_is_in_theknown_symbols() -> None:
    texts = {
        "zh": "儿女绿色雪月日子吃喝玩乐，嗯，哦，二维码、略、军、熊、穷、用，X-L和iPhone十五，Max！",
        "en": "The quick brown fox, measuring thirteen joyful churches; vision, azure, bought, boots, Zürich café, blorptastic?",
        "fr": "Œuvre, œuf, garçon, ébloui, parking, week-end, naïf, où, qu'il, gnocchi, agneau, Noël : aujourd'hui !",
    }
    for language in LANGUAGES:
        for sounded in phones(texts[language], language):
            assert set(sounded.symbols) <= set(known_symbols()), sounded
            assert sounded.symbols


def test_words_are_kept_as_they_were() -> None:
    assert [one.text for one in phones("今天USB很好。", "zh") if one.text] == ["今天", "USB", "很", "好"]
    assert [one.text for one in phones("Don't push!", "en")] == ["Don't", "push", ""]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("spoken", ["éé", "œœ", "㓆", "得㓆得", "我㓆得好", "l'éé", "a\ud800b 你\ud800"])
def test_what_no_dictionary_reads_is_left_out(spoken: str, language: Language) -> None:
    known = known_symbols()
    assert all(symbol in known for one in phones(spoken, language) for symbol in one.symbols)


def test_characters_around_an_unread_one_keep_their_sounds() -> None:
    assert written("我㓆得好", "zh") == "wo↓ tɤ xau↓"


def test_a_thousand_elisions_are_said() -> None:
    (one,) = phones("l'" * 2_000 + "eau", "fr")
    assert one.symbols.startswith("llll")
    assert one.symbols.endswith("ˈo")
