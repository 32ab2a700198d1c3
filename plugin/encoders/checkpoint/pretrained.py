"""What ``save_pretrained`` wrote, loaded by the transformers library: safetensors, and no code."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ...errors import CheckpointError
from .claims import CONFIG_FILE, read_json, refuse_claims


def load_network(folder: Path, *, vision_only: bool) -> tuple[Any, dict[str, Any]]:
    """The network of a folder, and the library's report of keys that did not fit.

    ``vision_only``: of a model that also reads text only the vision tower is built.

    Raises
    ------
    CheckpointError
        There are no safetensors, or the library cannot load them.
    """
    import transformers

    if not any(folder.glob("*.safetensors")):
        raise CheckpointError(f"{folder} has no .safetensors file; pickled weights are not read")

    read_json(folder / CONFIG_FILE)  # bottomless or endless: a sentence

    def load() -> tuple[Any, dict[str, Any]]:
        config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
        tower = getattr(config, "vision_config", None) if vision_only else None
        refuse_claims(tower or config, folder)
        network, report = transformers.AutoModel.from_pretrained(
            folder,
            config=tower or config,
            dtype="auto",
            # Where multimodal models of the library keep their vision tower.
            key_mapping={r"^(model\.)?vision_tower\.": ""} if tower else None,
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
        return network.eval().requires_grad_(False), report

    return _loaded(folder, load)


def load_tokenizer(folder: Path) -> Any:
    """The fast tokenizer of a folder.

    Raises
    ------
    CheckpointError
        There is none, the library cannot load it, or it pads with nothing.
    """
    import transformers

    if not (folder / "tokenizer.json").is_file():
        raise CheckpointError(
            f"{folder} has no tokenizer.json, so text cannot be read: save the model's fast "
            "tokenizer beside it"
        )
    found = _loaded(
        folder,
        lambda: transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True),
    )
    if found.pad_token is None:
        raise CheckpointError(f"the tokenizer of {folder} has no padding token: name one in it")
    return found


def _loaded(folder: Path, load: Callable[[], Any]) -> Any:
    from safetensors import SafetensorError

    try:
        with _quiet():
            return load()
    except (
        *(OSError, ValueError, KeyError, RuntimeError, ImportError, TypeError),
        SafetensorError,
    ) as error:
        raise CheckpointError(f"transformers cannot load {folder}: {error}") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's load report and bars off the terminal: what matters is checked here."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
