"""Attributes of images on samples: one embedded document of floats (``attributes.brightness``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import fiftyone as fo

from ...embeddings.attributes import ATTRIBUTES
from . import fields
from .names import Names


def declare(dataset: fo.Dataset, names: Names) -> None:
    """Add the fields, each with its unit and range, where they are not there.

    Raises
    ------
    InputError
        A field of the user's has this name.
    """
    fields.refuse_foreign(dataset, [names.attributes])
    fields.declare(
        dataset,
        names.attributes,
        fo.EmbeddedDocumentField,
        "Light, colour and sharpness of the whole image, by Gapsphere",
        embedded_doc_type=fo.DynamicEmbeddedDocument,
        fields=[
            {"name": name, "ftype": fo.FloatField, "description": description, "info": fields.MARK}
            for name, description in ATTRIBUTES.items()
        ],
    )


def write(
    dataset: fo.Dataset, names: Names, ids: Sequence[str], values: Sequence[Mapping[str, float]]
) -> None:
    """Write the attributes of some samples; the fields are declared before."""
    # As the database holds them: making a document object of each would triple the time.
    documents = {
        sample_id: {"_cls": fo.DynamicEmbeddedDocument.__name__, **attributes}
        for sample_id, attributes in zip(ids, values, strict=True)
    }
    dataset.set_values(
        names.attributes,
        documents,
        key_field="id",
        validate=False,
        expand_schema=False,
        progress=False,
    )
