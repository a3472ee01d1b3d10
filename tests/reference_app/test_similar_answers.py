"""An answer is found again by much the same question, and by no other."""

from __future__ import annotations

import pytest

from reference_app.ai.similar_answers import SimilarAnswers

ASKED = "What does the contract with Smith say about the delivery of tea?"


@pytest.mark.parametrize(
    ("question", "found"),
    [
        (ASKED, True),
        ("what does the contract with smith say about the delivery of tea", True),
        ("What does the contract with Smith say about delivery of tea?", True),
        ("What does the contract with Jones say about the delivery of tea?", False),
        ("Does Smith say what the delivery of tea about the contract with?", False),
        ("What does the contract say?", False),
        ("", False),
    ],
)
def test_only_a_question_that_is_much_the_same_finds_it(
    question: str, found: bool
) -> None:
    answers = SimilarAnswers(60)
    answers.put("scope", ASKED, "an answer")

    assert (answers.find("scope", question) == "an answer") is found


def test_numbers_must_be_the_same() -> None:
    answers = SimilarAnswers(60)
    long = "Please tell me everything that our files say about invoice number {}"
    answers.put("scope", long.format(17), "of 17")

    assert answers.find("scope", long.format(17)) == "of 17"
    assert answers.find("scope", long.format(18)) is None


def test_another_scope_finds_nothing() -> None:
    answers = SimilarAnswers(60)
    answers.put("scope", ASKED, "an answer")

    assert answers.find("other", ASKED) is None


def test_the_answer_to_the_most_similar_question_is_given() -> None:
    answers = SimilarAnswers(60)
    answers.put("scope", ASKED, "right")
    answers.put("scope", ASKED.replace("the delivery", "delivery"), "near")

    assert answers.find("scope", ASKED) == "right"


def test_answers_grow_old_and_are_bounded() -> None:
    now = [0.0]
    answers = SimilarAnswers(60, size=2, clock=lambda: now[0])
    for number in range(3):
        answers.put("scope", f"question {number}", f"answer {number}")

    assert answers.find("scope", "question 0") is None
    assert answers.find("scope", "question 2") == "answer 2"
    now[0] = 60.0
    assert answers.find("scope", "question 2") is None
