"""The zoo's register: names to factories, and to pretrained weights."""

from aezoo.registry.factories import (
    PURPOSES,
    accepts,
    build,
    list_models,
    purposes,
    register,
    summary,
)

__all__ = ["PURPOSES", "accepts", "build", "list_models", "purposes", "register", "summary"]
