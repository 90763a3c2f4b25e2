"""The zoo's register: names to factories, and to pretrained weights."""

from aezoo.registry.factories import accepts, build, list_models, register, summary

__all__ = ["accepts", "build", "list_models", "register", "summary"]
