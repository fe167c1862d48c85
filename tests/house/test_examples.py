"""The examples in the words of the public names are true; those that would train for minutes are marked `+SKIP`."""

import doctest
import functools
import importlib
import inspect

import numpy as np
import pytest

PACKAGES = ("interpret", "models", "reports")
MORE = (("interpret", "METHODS"),)


def public():
    """(module, name, object) of each public class and function, where its words have an example."""
    for package in PACKAGES:
        home = importlib.import_module(f"featurelens.{package}")
        for name in home.__all__:
            found = getattr(home, name)
            if inspect.isclass(found) or inspect.isfunction(found):
                yield package, name, found


@functools.cache
def given():
    """What the words take for granted: all public names, a model and its images."""
    names = {name: found for _, name, found in public()}
    names |= {name: getattr(importlib.import_module(f"featurelens.{home}"), name) for home, name in MORE}
    model = names["load_model"]("zero_padded_dropout")
    data = names["fashion_mnist"]("test")[:20]
    return names | {"np": np, "model": model, "data": data, "images": data.images, "labels": data.labels}


def examples():
    finder = doctest.DocTestFinder(recurse=True)
    for package, name, found in public():
        for test in finder.find(inspect.unwrap(found), name, module=inspect.getmodule(found), globs={}):
            if any(doctest.SKIP not in each.options for each in test.examples):
                yield pytest.param(test, id=f"{package}.{test.name}")


@pytest.mark.parametrize("test", list(examples()))
def test_an_example_is_true(test):
    said: list[str] = []
    test.globs.update(given())
    failed, tried = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=said.append)
    assert tried and not failed, "".join(said)


def test_every_public_picture_and_entry_has_an_example():
    without = {
        name
        for _, name, found in public()
        if name.startswith(("plot_", "overlay", "upsample", "explain", "open_dataset"))
        and ">>>" not in (found.__doc__ or "")
    }
    assert not without
