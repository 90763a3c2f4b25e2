"""Scoring of data larger than memory: shards in, shards out, on one process or on Ray."""

from aezoo.scale.scoring import Scored, score

__all__ = ["Scored", "score"]
