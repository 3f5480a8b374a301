import random
from pathlib import Path

import anyio
import pytest

from doublure.clock import VirtualClock
from doublure.conversation.board import SHOWN_COMMENTS
from doublure.conversation.judge import (
    GREETING_EXPIRES_SECONDS,
    LONGEST_COMMENT,
    Judge,
    Verdict,
    may_ask_identity,
)
from doublure.conversation.moderation import banned, speakable_name
from doublure.conversation.settings import JudgeSettings
from doublure.conversation.wording import asks, fold, gives_contact, intents, key
from doublure.cue import Comment, EventKind
from doublure.errors import SettingsError
from doublure.shop.catalog import Catalog, load_catalog
from doublure.views import CommentFate

DEMO = Path(__file__).resolve().parents[2] / "demo"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog(DEMO / "zh" / "catalog.yaml")


class Booth:
    """A judge with a clock of its own and comments made short."""

    def __init__(self, catalog: Catalog, **settings: object) -> None:
        self.clock = VirtualClock()
        self.judge = Judge(JudgeSettings.model_validate(settings), catalog, self.clock)
        self.count = 0

    def take(self, text: str, author: str = "a", kind: EventKind = "comment", **more: object) -> Verdict:
        self.count += 1
        id = str(more.pop("id", f"c{self.count}"))
        return self.judge.take(Comment(id, "test", author, text, self.clock.now(), kind, **more))  # type: ignore[arg-type]

    def order(self, product: str = "") -> list[str]:
        texts = []
        while (comment := self.judge.next(product)) is not None:
            texts.append(comment.text)
        return texts

    def wait(self, seconds: float) -> None:
        anyio.run(self.clock.advance, seconds)

    def fates(self) -> dict[str, str]:
        return {view.text: view.fate for view in self.judge.views()}


@pytest.fixture
def booth(catalog: Catalog) -> Booth:
    return Booth(catalog)


# ---- wording ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "能机洗吗", "多少钱", "这个怎么用", "有没有黑色", "可以退不", "什么时候发货", "几号链接", "刷毛硬不硬", "真的假的？",
        "how much is it", "does it leak", "is there a discount", "whats the size", "can i wash it", "any left", "Really?",
        "c'est combien", "est-ce que ça fuit", "vous livrez en Belgique", "comment on la lave", "il y a une capuche", "ça taille grand ?",
        "有货吗？？？",
    ],
)  # fmt: skip
def test_questions_are_known_in_three_languages(text: str) -> None:
    assert asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "哈哈哈",
        "主播加油",
        "666",
        "好看",
        "lol",
        "nice stream",
        "love this",
        "mdr",
        "trop joli",
        "merci",
        "!!!",
        "",
    ],
)
def test_talk_is_no_question(text: str) -> None:
    assert not asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "你是真人吗", "你是真 人 吗", "主播是机器人吧", "是AI吗", "這是數字人吗数字人", "是不是录播啊", "你是人吗", "主播是人类还是AI",
        "are you a real person?", "r u a bot", "is this AI", "are you human", "wait is she real", "you're a robot", "is this live or recorded",
        "is this a recording", "vous êtes une vraie personne ?", "t'es un robot", "c'est une IA ?", "es-tu humaine", "vous êtes réelle ?",
    ],
)  # fmt: skip
def test_whoever_asks_whether_the_host_is_real(text: str) -> None:
    assert "identity" in intents(text)


@pytest.mark.parametrize(
    "text",
    [
        "多少钱",
        "is it real down?",
        "是真皮的吗",
        "c'est du vrai duvet ?",
        "is it really waterproof",
        "机器洗可以吗",
        "你是店主吗",
    ],
)
def test_real_goods_are_not_the_question(text: str) -> None:
    assert "identity" not in intents(text)


def test_other_intents() -> None:
    assert intents("主播好") == intents("Hello there!") == intents("bonsoir") == {"greeting"}
    assert "ordered" in intents("已拍") & intents("just ordered it")
    assert "ordered" not in intents("拍了怎么还没发货？")
    assert "buying" in intents("怎么买")
    assert intents("哈哈") == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "加我微信 abc12345", "加V信聊", "vx: abc123456", "微信号是 abc1234", "＋ｖｘ详聊", "13812345678", "138 1234 5678", "１３８１２３４５６７８",
        "www.cheap.example", "看 http://x.y", "cheap-goods.com", "私聊我", "text me on whatsapp +1 202 555 0143", "dm me", "call 202-555-0143",
        "mail me@shop.example", "contactez-moi", "06 39 98 12 34", "ajoute-moi sur insta", "+33 6 39 98 12 34", "1 3 8 1 2 3 4 5 6 7 8",
    ],
)  # fmt: skip
def test_contact_details_lead_away(text: str) -> None:
    assert gives_contact(text)


@pytest.mark.parametrize(
    "text",
    ["可以用微信支付吗", "我170，65公斤穿什么码", "95度的水6小时", "IPX7防水吗", "is it 6.5 cm or 22 cm", "v领的吗", "1m75 68 kg quelle taille", "买2送1吗", "size 10.5?", "5.5 inch. com 2"],
)  # fmt: skip
def test_harmless_numbers_stay(text: str) -> None:
    assert not gives_contact(text)


@pytest.mark.parametrize(
    "text",
    ["傻逼主播", "傻 逼", "傻.逼", "ｆｕｃｋ you", "FUCK", "f u c k", "f.u.c.k this", "fuuuuck", "sh1t", "@sshole", "What a BITCH!", "connard", "CONNARD", "enculé", "傻\u200b逼", "s-h-i-t"],
)  # fmt: skip
def test_banned_words_through_simple_evasion(text: str) -> None:
    assert banned().find(text)


@pytest.mark.parametrize(
    "text",
    ["Scunthorpe", "assess the class", "shiitake", "有几把刷子", "今天生日你们有优惠吗", "是不是假货", "Dick's size?", "en retard ?", "nude colour", "cocktail", "pickaxe", "给你妈的礼物", "5 5 0 ml"],
)  # fmt: skip
def test_harmless_words_stay(text: str) -> None:
    assert banned().find(text) == ""


def test_a_rooms_own_words(tmp_path: Path, catalog: Catalog) -> None:
    file = tmp_path / "words.txt"
    file.write_text("# competitors\n某某牌\nAcme Corp\n")
    booth = Booth(catalog, words=str(file))
    assert booth.take("和某 某 牌比怎么样") is Verdict.MODERATED
    assert booth.take("is it better than ACME corp?") is Verdict.MODERATED
    assert booth.take("is it better than acmecorpse?") is Verdict.ACCEPTED
    with pytest.raises(SettingsError, match="one word a line"):
        Booth(catalog, words=str(tmp_path / "nothing.txt"))


def test_names_that_may_be_said() -> None:
    assert speakable_name(" 小雨 ") == "小雨"
    assert speakable_name("Inès") == "Inès"
    for name in ("推广888", "a very long name", "Ruth B.", "傻逼", "fuck", "", "😀", "小雨\u200b"):
        assert speakable_name(name) == ""


def test_like_texts_have_one_key() -> None:
    assert key("多少钱？？") == key("多少 钱呀") == key("多少钱")
    assert key("How LONG??") == key("how long")
    assert fold("ÉTÉ ＡＢＣ") == "ete abc"


# ---- verdicts -----------------------------------------------------------------------------------


def test_a_question_waits_and_is_given_out_once(booth: Booth) -> None:
    assert booth.take("能机洗吗") is Verdict.ACCEPTED
    assert booth.judge.waiting() == 1
    comment = booth.judge.next("jacket")
    assert comment is not None
    assert comment.text == "能机洗吗"
    assert booth.judge.next("jacket") is None
    booth.judge.settle(comment.id, "answered", "可以。")
    view = booth.judge.views()[0]
    assert (view.fate, view.answer) == ("answered", "可以。")


def test_what_is_delivered_twice_is_taken_once(booth: Booth) -> None:
    assert booth.take("能机洗吗", id="x") is Verdict.ACCEPTED
    assert booth.take("能机洗吗", id="x") is Verdict.DUPLICATE
    assert len(booth.judge.views()) == 1


def test_talk_is_noted_and_nothing_is_dropped(booth: Booth) -> None:
    assert booth.take("哈哈哈哈") is Verdict.NOTED
    assert booth.take("  ") is Verdict.DROPPED
    assert booth.take("！！！") is Verdict.DROPPED
    assert booth.judge.waiting() == 0
    assert booth.fates() == {"哈哈哈哈": "noted"}


@pytest.mark.parametrize("text", ["傻逼多少钱", "加我微信 abc12345 低价拿货吗", "x" * 300 + "?"])
def test_offence_and_advertising_are_moderated(booth: Booth, text: str) -> None:
    assert booth.take(text) is Verdict.MODERATED
    assert booth.judge.waiting() == 0
    assert booth.judge.views()[0].fate == "moderated"


def test_the_operator_is_not_moderated(booth: Booth) -> None:
    assert booth.take("我的电话 13812345678 能打吗", operator=True) is Verdict.ACCEPTED


def test_like_questions_are_one_with_their_count(booth: Booth) -> None:
    booth.take("牙刷能用多久")
    assert booth.take("牙刷能用多久呀？？", author="b") is Verdict.MERGED
    assert booth.take("牙刷 能用 多久", author="c") is Verdict.MERGED
    assert booth.take("how long does the battery last") is Verdict.ACCEPTED
    assert booth.take("How long does the battery last??", author="b") is Verdict.MERGED
    assert booth.take("how long does a battery last", author="c") is Verdict.MERGED
    counts = {comment.text: comment.count for comment in (booth.judge.next("") for _ in range(2)) if comment}
    assert counts == {"牙刷能用多久": 3, "how long does the battery last": 3}


def test_unlike_questions_stay_apart(booth: Booth) -> None:
    for text in (
        "能机洗吗",
        "能手洗吗",
        "有白色吗",
        "有黑色吗",
        "杯子多少钱",
        "牙刷多少钱",
        "does it leak",
        "does it last",
    ):
        assert booth.take(text) is Verdict.ACCEPTED, text


def test_what_was_answered_just_now_is_merged_and_later_is_not(catalog: Catalog) -> None:
    booth = Booth(catalog, repeat_seconds=60)
    booth.take("能机洗吗")
    assert booth.judge.next("") is not None
    booth.wait(59)
    assert booth.take("能机洗吗？", author="b") is Verdict.MERGED
    booth.wait(2)
    assert booth.take("能机洗吗", author="c") is Verdict.ACCEPTED


def test_old_comments_expire(catalog: Catalog) -> None:
    booth = Booth(catalog, expire_seconds=90)
    booth.take("能机洗吗")
    booth.wait(91)
    assert booth.judge.next("") is None
    assert booth.fates() == {"能机洗吗": "expired"}


def test_a_rush_is_bounded_and_the_oldest_is_lost(catalog: Catalog) -> None:
    booth = Booth(catalog, waiting_comments=5, repeat_seconds=0)
    booth.take("你是真人吗")
    for number in range(20):
        assert (
            booth.take(f"第{number}个问题是什么{chr(0x4E00 + 97 * number)}{chr(0x5000 + 61 * number)}吗")
            is Verdict.ACCEPTED
        )
        assert booth.judge.waiting() <= 5
    texts = booth.order()
    assert texts[0] == "你是真人吗"
    assert len(texts) == 5
    assert texts[1].startswith("第16") or any(text.startswith("第19") for text in texts)


def test_all_it_keeps_is_bounded(catalog: Catalog) -> None:
    booth = Booth(catalog, repeat_seconds=0)
    for number in range(6000):
        booth.take(f"{number}号有货吗{number * 7919}")
    assert len(booth.judge.views()) == SHOWN_COMMENTS
    for view in booth.judge.views():
        booth.judge.settle(view.id, "asked_colleagues", "")
    assert len(booth.judge.unknown()) <= 50


def test_are_you_real_is_always_answered_again_soon(catalog: Catalog) -> None:
    booth = Booth(catalog, repeat_seconds=86_400, expire_seconds=0.1)
    assert booth.take("你是真人吗") is Verdict.ACCEPTED
    assert booth.take("主播是不是机器人", author="b") is Verdict.MERGED
    booth.wait(60)
    comment = booth.judge.next("")
    assert comment is not None
    assert comment.count == 2
    assert booth.take("are you a real person?", author="c") is Verdict.ACCEPTED
    assert booth.judge.next("") is not None
    booth.wait(10)
    assert booth.take("傻逼你是机器人吧", author="d") is Verdict.MERGED
    booth.wait(21)
    assert booth.take("傻逼你是机器人吧", author="d") is Verdict.ACCEPTED


# ---- who is next --------------------------------------------------------------------------------


def test_are_you_real_goes_first_then_operator_question_and_greeting(booth: Booth) -> None:
    booth.take("主播好", author="1")
    booth.take("有什么颜色", author="2")
    booth.take("说一下退货", author="3", operator=True)
    booth.take("你是真人吗", author="4")
    assert booth.order("cup") == ["你是真人吗", "说一下退货", "有什么颜色", "主播好"]


def test_the_product_on_air_goes_before_others(booth: Booth) -> None:
    booth.take("牙刷有什么模式吗", author="1")
    booth.take("杯子能装咖啡吗", author="2")
    assert booth.order("cup") == ["杯子能装咖啡吗", "牙刷有什么模式吗"]


def test_buying_and_numbers_weigh(booth: Booth) -> None:
    booth.take("在哪个城市呀", author="1")
    booth.take("怎么买", author="2")
    assert booth.order() == ["怎么买", "在哪个城市呀"]
    booth.take("有没有视频介绍", author="3")
    booth.take("这个叫什么名字", author="4")
    for author in "567":
        booth.take("这个叫什么名字", author=author)
    assert booth.order() == ["这个叫什么名字", "有没有视频介绍"]


def test_nobody_holds_the_floor(booth: Booth) -> None:
    booth.take("好洗吗", author="talker")
    assert booth.order() == ["好洗吗"]
    booth.take("这个结实吗", author="talker")
    booth.take("那个方便吗", author="quiet")
    assert booth.order() == ["那个方便吗", "这个结实吗"]


# ---- events -------------------------------------------------------------------------------------


def test_gifts_are_thanked_for_and_entries_now_and_then(booth: Booth) -> None:
    assert booth.take("", kind="enter") is Verdict.ACCEPTED
    assert booth.take("", author="b", kind="enter") is Verdict.NOTED
    assert booth.take("玫瑰", kind="gift", count=3) is Verdict.ACCEPTED
    assert booth.take("玫瑰", kind="gift") is Verdict.ACCEPTED
    assert booth.take("", kind="like", count=100) is Verdict.NOTED
    assert booth.take("", kind="viewers", count=50) is Verdict.NOTED
    first = booth.judge.next("")
    assert first is not None
    assert (first.kind, first.count) == ("gift", 3)
    booth.wait(46)
    assert booth.take("", author="c", kind="enter") is Verdict.ACCEPTED
    booth.wait(GREETING_EXPIRES_SECONDS + 1)
    assert "enter" not in [comment.kind for comment in [booth.judge.next("")] if comment]


def test_an_offensive_name_is_not_said(booth: Booth) -> None:
    booth.take("", author="傻逼", kind="follow")
    comment = booth.judge.next("")
    assert comment is not None
    assert comment.author == ""


def test_unknown_questions_are_listed_once(booth: Booth) -> None:
    booth.take("支持以旧换新吗")
    comment = booth.judge.next("")
    assert comment is not None
    booth.judge.settle(comment.id, "asked_colleagues", "我问问同事。")
    booth.judge.settle(comment.id, "asked_colleagues", "我问问同事。")
    booth.judge.settle("nobody", "answered", "")
    assert booth.judge.unknown() == ("支持以旧换新吗",)


def test_the_bare_name_of_a_topic_is_a_question(booth: Booth) -> None:
    assert booth.take("续航") is Verdict.ACCEPTED
    assert f"{Verdict.ACCEPTED}" == "accepted"


# ---- in a rush -----------------------------------------------------------------------------------


def test_whoever_is_taken_for_asking_was_told_from_the_rest_before() -> None:
    chance = random.Random(5)
    asked = [
        "你是真人吗", "是不是录播啊", "是AI吗", "主播是人类还是AI", "are you even a real person", "r u a bot", "wait is she real",
        "you're a robot", "t'es un robot", "c’est une IA ?", "vous êtes une vraie personne ?", "est-ce une intelligence artificielle",
    ]  # fmt: skip
    hidden = ["", " ", "  ", ".", "_", "\u200b", "\u0301", "-", "🙂", "哈", "x"]
    found = 0
    for _ in range(2_000):
        text = "".join(
            mark + (chance.choice(hidden) if chance.random() < 0.1 else "") for mark in chance.choice(asked)
        )
        text = chance.choice(["", "哈哈 ", "lol "]) + (text.upper() if chance.random() < 0.3 else text)
        if "identity" in intents(text[:LONGEST_COMMENT]):
            found += 1
            assert may_ask_identity(text), text
    assert found > 1_000


def test_few_others_are_taken_for_asking_before_a_drop() -> None:
    others = [
        "多少钱",
        "能机洗吗",
        "有没有黑色",
        "how much is it",
        "does it leak",
        "any left in red",
        "c'est combien",
        "vous livrez en Belgique",
    ]
    assert not [text for text in others if may_ask_identity(text)]


def test_a_misspelt_question_of_identity_is_not_the_question(booth: Booth) -> None:
    assert booth.take("are you realy") is Verdict.ACCEPTED
    assert booth.order() == ["are you realy"]
    assert booth.take("are you real") is Verdict.ACCEPTED


def test_identity_asked_for_minutes_keeps_no_other_answer_alive(catalog: Catalog) -> None:
    booth = Booth(catalog, repeat_seconds=60, expire_seconds=30)
    booth.take("are you real?")
    booth.take("how much is the cup today")
    booth.order()
    for _ in range(20):
        booth.wait(31)
        booth.take("are you real?")
        booth.order()
    assert booth.take("how much is the cup today") is Verdict.ACCEPTED


def test_an_authors_name_with_the_rooms_own_word_is_left_out(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("competitorx\n")
    booth = Booth(catalog, words=tmp_path / "own.txt")
    booth.take("does it leak?", author="CompetitorX fan")
    booth.take("is it heavy?", author="Maya")
    booth.take("", author="competitorx", kind="gift")
    assert {booth.judge.next("").author for _ in range(3)} == {"", "Maya"}  # type: ignore[union-attr]


def test_a_comment_that_was_given_out_can_wait_again(booth: Booth) -> None:
    booth.take("这个多少钱")
    given = booth.judge.next("")
    assert given is not None
    assert booth.judge.waiting() == 0
    booth.judge.settle(given.id, "waiting", "")
    assert booth.judge.waiting() == 1
    assert booth.judge.next("") == given


@pytest.mark.parametrize(
    ("fate", "again"),
    [("answered", Verdict.MERGED), ("cut", Verdict.ACCEPTED), ("expired", Verdict.ACCEPTED)],
)
def test_only_what_was_answered_keeps_others_from_asking_the_same(
    booth: Booth, fate: CommentFate, again: Verdict
) -> None:
    booth.take("这个多少钱")
    given = booth.judge.next("")
    assert given is not None
    booth.judge.settle(given.id, fate, "")
    assert booth.take("这个多少钱") is again
