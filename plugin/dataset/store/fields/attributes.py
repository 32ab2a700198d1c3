"""Attributes of images on samples: one embedded document of floats (``attributes.brightness``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import fiftyone as fo

from ....embeddings.attributes import ATTRIBUTES
from ..names import Names
from . import fields
from .ownership import Column


def column(names: Names) -> Column:
    """The field, with the unit and range of each of its parts."""
    return Column(
        names.attributes,
        fo.EmbeddedDocumentField,
        "Light, colour and sharpness of the whole image, by Gapsphere",
        document=fo.DynamicEmbeddedDocument,
        parts=tuple(
            {"name": name, "ftype": fo.FloatField, "description": description, "info": fields.MARK}
            for name, description in ATTRIBUTES.items()
        ),
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
