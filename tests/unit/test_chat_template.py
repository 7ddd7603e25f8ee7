"""The chat template: renders and counts, and says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.chat_template import ChatTemplate
from schemas.errors import InvalidRequestError, SetupError
from schemas.records import Message

ASK = [Message(role="system", content="Be brief."), Message(role="user", content="How many are 2 and 2?")]


@pytest.fixture(scope="module")
def tokenizer() -> object:
    """A word-level tokenizer with a strict template, made on the spot."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {word: at for at, word in enumerate(["?", "<|", "|>", "system", "user", "assistant", "be", "brief"])}
    core = Tokenizer(models.WordLevel(words, unk_token="?"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    made = PreTrainedTokenizerFast(tokenizer_object=core, unk_token="?")
    made.chat_template = (
        "{% for m in messages %}"
        "{% if m.role == 'assistant' and loop.first %}{{ raise_exception('the user speaks first') }}{% endif %}"
        "<| {{ m.role }} |> {{ m.content }} {% endfor %}"
        "{% if add_generation_prompt %}<| assistant |>{% endif %}"
    )
    return made


def test_a_prompt_is_the_template_of_all_turns_and_opens_the_answers_turn(tokenizer: object) -> None:
    template = ChatTemplate(tokenizer, "made")
    assert template.render([Message(role="user", content="be brief")]) == [1, 4, 2, 6, 7, 1, 5, 2]


def test_the_count_is_of_what_is_rendered(tokenizer: object) -> None:
    template = ChatTemplate(tokenizer, "made")
    assert template.count(ASK) == len(template.render(ASK))


def test_a_text_alone_has_no_turn_around_it(tokenizer: object) -> None:
    assert ChatTemplate(tokenizer, "made").length("be brief ?") == 3


def test_a_conversation_that_the_template_refuses_is_the_producers_to_mend(tokenizer: object) -> None:
    with pytest.raises(InvalidRequestError, match=r"'made' refuses the messages: the user speaks first"):
        ChatTemplate(tokenizer, "made").count([Message(role="assistant", content="hello")])


def test_a_folder_without_a_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=f"no tokenizer at '{tmp_path}'"):
        ChatTemplate.load(str(tmp_path))


def test_a_model_that_is_not_here_is_not_looked_for_elsewhere() -> None:
    with pytest.raises(SetupError, match="hf download nobody/nothing"):
        ChatTemplate.load("nobody/nothing")


def test_a_tokenizer_without_a_chat_template_is_refused(tokenizer: object, tmp_path: Path) -> None:
    from transformers import PreTrainedTokenizerFast

    bare = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, unk_token="?")  # type: ignore[attr-defined]
    bare.save_pretrained(tmp_path)
    with pytest.raises(SetupError, match="no chat template"):
        ChatTemplate.load(str(tmp_path))


def test_a_template_survives_being_saved_and_loaded(tokenizer: object, tmp_path: Path) -> None:
    tokenizer.save_pretrained(tmp_path)  # type: ignore[attr-defined]
    assert ChatTemplate.load(str(tmp_path)).render(ASK) == ChatTemplate(tokenizer, "made").render(ASK)


def test_the_embedded_models_template_counts_its_turns_exactly(smollm2: str) -> None:
    template = ChatTemplate.load(smollm2)
    turns = [Message(role="system", content="Be brief."), Message(role="user", content="Hi")]
    # <|im_start|>, role, newline, the words, <|im_end|>, newline; at the end <|im_start|>, "ass", "istant", newline.
    assert template.count(turns) == (3 + 3 + 2) + (3 + 1 + 2) + 4
