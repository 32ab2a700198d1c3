"""Settings of one class, read off a file and overrides as the commands read them."""

from gapsphere.plugin.settings.fields import make
from gapsphere.plugin.settings.yaml import names_to_keys, read


def load(params, path=None, overrides=()):
    """An instance of ``params``."""
    return make(params, read([params], path, overrides), called=names_to_keys(params))
