from doublure.shop.rundown import Line, Rundown, Slot
from doublure.show.plan import Plan

PLAN = Rundown(
    (
        Slot("", (Line("hello", "greet"),)),
        Slot("cup", (Line("warm"), Line("light"))),
        Slot("empty", ()),
        Slot("lamp", (Line("bright"),)),
    )
)


def test_the_show_goes_through_its_lines_and_begins_again() -> None:
    plan = Plan(PLAN)
    seen = []
    for _ in range(6):
        seen.append(plan.line())
        plan.position += 1
    assert [text for text, _, _ in seen] == ["hello", "warm", "light", "bright", "hello", "warm"]
    assert seen[0] == ("hello", "greet", "")
    assert seen[1] == ("warm", "", "cup")


def test_what_comes_is_each_line_once() -> None:
    plan = Plan(PLAN)
    plan.position = 2
    assert plan.coming(3) == [("light", "cup"), ("bright", "lamp"), ("hello", "")]
    assert len(plan.coming(50)) == plan.length == 4


def test_the_slot_after_a_place_is_the_next_one_that_has_lines() -> None:
    plan = Plan(PLAN)
    assert plan.line_at(plan.after_slot(1))[0] == plan.line_at(plan.after_slot(2))[0] == "bright"
    assert plan.after_slot(3) == 4  # the next round
    assert plan.line_at(plan.after_slot(3))[0] == "hello"
    assert plan.after_slot(5) == plan.after_slot(6) == 7


def test_behind_the_only_slot_comes_its_next_line() -> None:
    plan = Plan(Rundown((Slot("cup", (Line("warm"), Line("light"))),)))
    assert plan.line_at(plan.after_slot(0))[0] == "light"


def test_a_rundown_without_lines_is_empty() -> None:
    plan = Plan(Rundown((Slot("cup", ()),)))
    assert plan.empty
    assert plan.coming(5) == []
