"""What code makes exercises from: sentences that stand alone, names that are not given away."""

import pytest

from exercises.generation import names, phrases, text, vocabulary


@pytest.mark.parametrize(
    "sentence",
    [
        "A tuple is an ordered list of values that can't be changed.",
        "Quantization converts the parameters of a model to numbers of a lower precision.",
    ],
)
def test_a_sentence_that_stands_alone(sentence: str) -> None:
    assert text.stands_alone(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "It converts the parameters of a model to numbers of a lower precision.",
        "As shown above, the loss falls with every step that is taken downhill.",
        "We convert the parameters of a model to numbers of a lower precision.",
        "Click the button below to convert all the parameters of your model at once.",
        "The loss is $L = x^2$ and falls with every step that is taken downhill.",
        "See https://example.org for all of the steps that are taken downhill.",
        "Why does the loss of a network fall with every step that is taken?",
        "Too short to say anything.",
    ],
)
def test_a_sentence_that_points_elsewhere_does_not(sentence: str) -> None:
    assert not text.stands_alone(sentence)


def test_prose_leaves_out_code_lists_and_markup() -> None:
    markdown = (
        "# Head\n\nA **loss** of [this kind](x.md) is `convex`.\n\n- a list\n\n"
        "```python\nx = 1\n\ny = 2\n```\n\n| a | b |\n"
    )
    assert list(text.prose(markdown)) == ["A loss of this kind is convex."]


def test_abbreviations_end_no_sentence() -> None:
    assert text.sentences("Use a test, e.g. Welch's. Then stop.") == [
        "Use a test, e.g. Welch's.",
        "Then stop.",
    ]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("node2vec: Scalable Feature Learning for Networks", "node2vec"),
        ("MLflow documentation", "MLflow"),
        ("Wasserstein GAN", "Wasserstein GAN"),
        ("Anomaly Detection: A Survey", ""),
        ("How HDBSCAN Works", ""),
        ("Learning Representations by Back-Propagating Errors", ""),
    ],
)
def test_a_title_begins_with_a_name_or_has_none(title: str, name: str) -> None:
    assert names.name_of(title) == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Isolation Forest", "Isolates anomalies by random trees on small subsamples."),
        ("PyTorch Geometric", "Documentation of PyG, with graphs as Data objects."),
        ("LOF", "Defines the local outlier factor and proves bounds."),
        ("Long Short-Term Memory", "Presents the LSTM cell with its gates."),
        ("BERT", "BERT reads both ways, and BERT is fine-tuned."),
    ],
)
def test_a_name_that_other_words_give_away_is_not_asked_for(name: str, said: str) -> None:
    assert names.hidden(name, said) is None


def test_a_name_that_stands_once_becomes_a_gap() -> None:
    assert (
        names.hidden("UMAP", "Presents UMAP with its theory.") == "Presents ____ with its theory."
    )


@pytest.mark.parametrize(
    ("ask", "terms"),
    [
        ("gcn vs gat", ["gcn", "gat"]),
        ("What is a confusion matrix?", ["confusion matrix"]),
        ("backpropagation explained simply", ["backpropagation"]),
        ("which laptop should I buy", []),
    ],
)
def test_questions_of_learners_name_terms(ask: str, terms: list[str]) -> None:
    assert list(vocabulary.asked_for(ask)) == terms


@pytest.mark.parametrize("text_", ["what to do", "of", "a, b", "the best way to learn", "people"])
def test_what_is_no_term(text_: str) -> None:
    assert not vocabulary.is_term(text_)


def test_long_quotes_end_between_words() -> None:
    assert text.shortened("one two three", 9) == "one two…"
    assert phrases.gives_away("An autoencoder's code", "autoencoders")
