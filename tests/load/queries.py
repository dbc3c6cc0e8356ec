"""Learners' questions for the load: none twice in a run, so that no cache hides the work."""

from collections.abc import Iterator
from itertools import count, product
from random import randrange

SUBJECTS = (
    "linear regression", "logistic regression", "decision trees", "random forests",
    "gradient boosting",
    "support vector machines", "k-means clustering", "principal component analysis", "naive Bayes",
    "neural networks", "backpropagation", "convolutional networks", "recurrent networks",
    "transformers",
    "attention", "word embeddings", "large language models", "prompt engineering",
    "fine-tuning with LoRA",
    "retrieval-augmented generation", "diffusion models", "GANs", "variational autoencoders",
    "Q-learning", "policy gradients", "graph neural networks", "time series forecasting",
    "anomaly detection", "recommender systems", "BM25", "speech recognition", "causal inference",
    "fairness in machine learning", "SHAP values", "data pipelines", "model deployment",
    "quantization", "Bayesian statistics", "p-values", "probability", "linear algebra", "calculus",
    "pandas", "data visualization", "hyperparameter tuning", "cross-validation", "overfitting",
    "object detection", "image segmentation", "MLOps",
)  # fmt: skip
FORMS = (
    "how does {} work?", "introduction to {}", "{} explained for a beginner", "I need {} at my job",
)  # fmt: skip


def questions() -> Iterator[str]:
    """200 different ones, again and again with another number, so that no two are equal.

    Nor are those of two runs, as a rule: a copy that stays remembers what it was asked.
    """
    for turn in count(randrange(10**6)):
        for form, subject in product(FORMS, SUBJECTS):
            yield f"{form.format(subject)} part {turn}"
