"""The errors a user may meet.  Each carries one sentence: what is wrong, where, and what to do.

Operators and the command line print the sentence and nothing else; anything that is not a
:class:`GapsphereError` is a defect of ours and keeps its traceback.
"""


class GapsphereError(Exception):
    """Base of every error whose message is meant for the user."""


class EmptySetError(GapsphereError):
    """S, U or a selection has no sample to work on."""


class DimensionError(GapsphereError, ValueError):
    """Arrays or vectors whose shapes do not fit together."""


class NotFiniteError(GapsphereError):
    """A vector or coordinate is NaN or infinite."""


class ImageError(GapsphereError):
    """One image cannot be used; the rest of the work goes on without it."""


class CheckpointError(GapsphereError):
    """A model checkpoint is incomplete, unknown or does not match its configuration."""


class MismatchError(GapsphereError):
    """New work would mix with recorded work of another encoder, weights or preprocessing."""


class OutdatedError(MismatchError):
    """What a panel shows has been computed anew since."""


class ArtifactError(GapsphereError):
    """A file that came from outside does not hold what its name promises."""


class InputError(GapsphereError):
    """A parameter, path, table or configuration key that cannot be used as given."""


class MissingDependencyError(GapsphereError):
    """An optional package is not installed; the message says which and how to install it."""


class EngineError(GapsphereError):
    """The cluster that work was sent to cannot be reached, went away or cannot do it."""


class UnfinishedError(GapsphereError):
    """A step was interrupted while it wrote: what is on the samples is no result."""


class BusyError(GapsphereError):
    """Another run works on the same analysis."""


class SaveError(GapsphereError):
    """A value could not be written to a sample; nothing was changed."""


class Cancelled(GapsphereError):  # noqa: N818  a stop is not an error
    """The user stopped the work; what was already written stays."""


class DatabaseError(GapsphereError):
    """The database went away or refused to write; what it had confirmed before stays."""


class MessageError(GapsphereError):
    """A live client's message cannot be used; ``code`` is the word that is sent to it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def first_line(error: object) -> str:
    """What an error of another library says, as a part of a sentence."""
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
