"""A model as plain C99, for any compiler."""
