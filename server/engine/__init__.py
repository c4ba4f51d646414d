"""Executes GraphQL level by level: each field is taken for all its parents at once. It knows nothing of rentals.

graphql-core takes one object after the other, and each field of it by itself. Here a document is compiled once into a
plan, and an answer grows in waves: what lies equally deep in it is one wave, whatever stands above it. So a relation is
one call for all rows of a wave, and plain values are copied column by column.

    plan.py         a document compiled: which fields of which type, under the values of its @skip and @include
    taking.py       how one field's values are found: an attribute, a function of a row, a relation, text, anything else
    relation.py     the field extension that declares a relation by a batch function
    ready.py        the field extension that declares that a field can come as JSON text
    wanted.py       a selection as plain data, for who makes that text
    columns.py      the values of one field for all objects of a level
    waves.py        runs a plan: takes the fields of a wave, then makes the next wave of the objects that were found
    completion.py   what becomes of values: scalars as JSON has them, lists, objects by their type
    failures.py     errors at their places, and which place becomes null for them
    engine.py       what is executed here and what graphql-core has to execute

What a query means is graphql-core's to say: variables and arguments are coerced, fields collected, types told and
errors located by its functions, and tests compare the answers of both (`tests/engine`).
"""
