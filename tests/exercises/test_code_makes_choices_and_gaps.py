"""Without a capable model, code makes clozes and choices from summaries and documents."""

import pytest
import redis

from exercises.content import ChoiceContent, ClozeContent, read_content
from exercises.generation.making import Made, Maker, Outcome
from exercises.models import Exercise, ExerciseState, Source
from learning_assistant import ollama
from resources.models import Facet, Role
from tests.resources import making

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]

PAPERS = {
    "ZeRO: Memory Optimizations Toward Training Trillion Parameter Models": (
        "Removes the copies that data parallel training keeps: optimizer states, gradients and "
        "parameters are partitioned over the processes in three stages."
    ),
    "GPipe: Efficient Training of Giant Neural Networks": (
        "Cuts a network into consecutive stages on different accelerators and each batch into "
        "micro-batches, so that stages work at the same time."
    ),
    "FlashAttention: Fast and Memory-Efficient Exact Processing": (
        "Computes the exact softmax in tiles that stay in fast on-chip memory, so the full matrix "
        "of a transformer is never stored while training on accelerators."
    ),
    "Megatron-LM: Training Multi-Billion Parameter Models": (
        "Splits the matrix multiplications inside each transformer layer across accelerators and "
        "trains a network of 8 billion parameters on 512 of them."
    ),
    "Orca: A Distributed Serving System": (
        "Schedules generation requests at the granularity of one iteration, so finished sequences "
        "leave a batch of the accelerators and new ones join at once."
    ),
}


@pytest.fixture
def papers() -> None:
    making.tree(model_efficiency="")
    for title, summary in PAPERS.items():
        about = {"kind": "paper", "level": "advanced", "topics": ["model-efficiency"]}
        making.add(title, summary=summary, **about)
    making.add("ZeRO in practice", summary="How to switch on ZeRO.", topics=["model-efficiency"])
    making.add("Whether it is enough", summary="When ZeRO is.", topics=["model-efficiency"])
    making.index()


def kept(type_: str, maker: Maker | None = None) -> list[Made]:
    return [made for made in (maker or Maker()).make(type_) if made.kept]


def test_choices_wait_for_staff(papers: None) -> None:
    found = kept("multiple_choice")
    assert {made.outcome for made in found} == {Outcome.PROVEN}
    assert Exercise.objects.count() == len(found) >= 3
    for exercise in Exercise.objects.all():
        assert exercise.state == ExerciseState.PROVEN
        assert exercise.proofs.get().passed


def test_the_description_is_quoted_and_so_is_why_the_others_are_wrong(papers: None) -> None:
    kept("multiple_choice")
    exercise = Exercise.objects.get(slug__contains="choice", content__choices__0__text="ZeRO")
    content = read_content(exercise.content)
    assert isinstance(content, ChoiceContent)
    said = {title.partition(":")[0]: summary for title, summary in PAPERS.items()}
    assert f"> {said['ZeRO']}" in exercise.prompt
    for choice in content.choices[1:]:
        assert said[choice.text] in choice.why
        assert choice.text not in exercise.prompt


def test_each_holds_what_it_was_made_from(papers: None) -> None:
    kept("multiple_choice")
    exercise = Exercise.objects.get(content__choices__0__text="ZeRO")
    assert exercise.source == Source.MODEL
    assert exercise.passage == exercise.resource.summary  # type: ignore[union-attr]
    assert exercise.model == "all-minilm"
    assert exercise.model_digest == ollama.digest_of("all-minilm")
    assert exercise.prompt_version
    assert (exercise.topic.slug, exercise.level) == ("model-efficiency", "advanced")


def test_a_method_known_by_its_name_becomes_a_gap_and_goes_out(papers: None) -> None:
    (made,) = kept("cloze")
    exercise = Exercise.objects.get()
    content = read_content(exercise.content)
    assert isinstance(content, ClozeContent)
    assert content.answer == "ZeRO"
    assert content.gapped.startswith("____ removes the copies that data parallel training keeps")
    assert "ZeRO" not in exercise.prompt + "".join(exercise.hints)
    assert made.outcome == Outcome.PUBLISHED
    assert exercise.state == ExerciseState.PUBLISHED


def test_a_definition_of_a_document_waits_for_staff() -> None:
    making.tree(optimization="")
    asks = ("what is early stopping", "weight decay vs dropout", "what is label smoothing",
            "data augmentation vs batch normalization", "learning rate vs momentum")  # fmt: skip
    for ask in asks:
        made = making.add(
            ask.title(), summary=f"A page on training: {ask}.", topics=["optimization"]
        )
        Facet.objects.create(resource=made, role=Role.ASK, text=ask)
    sentence = (
        "Early stopping is the practice of ending training once the error on held-out data "
        "begins to rise."
    )
    document = making.document("training.md", f"{sentence}\n\nWe will see more of it below.")
    making.index()
    (made,) = kept("cloze")
    exercise = Exercise.objects.get()
    assert made.outcome == Outcome.PROVEN
    assert exercise.chunk == document.chunks.get()
    assert exercise.content["passage"] == sentence.replace("Early stopping", "[[Early stopping]]")
    assert exercise.resource is None
    assert sentence in exercise.passage


def test_nothing_is_made_twice(papers: None) -> None:
    first = kept("multiple_choice")
    assert first
    assert kept("multiple_choice") == []
    Exercise.objects.update(state=ExerciseState.RETIRED)
    assert kept("multiple_choice") == []


def test_a_dry_run_stores_nothing(papers: None) -> None:
    assert kept("multiple_choice", Maker(dry_run=True))
    assert not Exercise.objects.exists()


def test_a_draft_resource_gives_none() -> None:
    making.tree(model_efficiency="")
    for title, summary in PAPERS.items():
        making.add(
            title, summary=summary, topics=["model-efficiency"], status="draft", kind="paper"
        )
    making.add("Something else")
    making.index()
    assert kept("multiple_choice") == []


def test_without_the_model_server_it_says_so(papers: None, no_model_server: None) -> None:
    with pytest.raises(ollama.ModelUnavailable):
        kept("multiple_choice")


def test_an_empty_catalogue_gives_nothing(valkey: redis.Redis) -> None:
    assert list(Maker().make("cloze")) == []
