"""A store holds what the methods themselves give, to the same bits however the work was cut, interrupted or shared out.

10,001 images: the last batch has one image, for which TensorFlow takes another kernel. (10,000 end in a batch of 16, and hide
it.)
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
from small_models import CLASSES, sequential
from tensorflow import nn

from featurelens.interpret import ActivationExtractor, HiResCAM, Saliency
from featurelens.models import Dataset, load_model
from featurelens.models.evaluation.metrics import evaluation_from_probabilities
from featurelens.reports import extract, join_stores
from featurelens.reports.store.files.units import units_of
from featurelens.reports.store.opening import Store, open_store

SHAPE = (6, 6, 1)
COUNT = 10_001
WANTED = {"methods": ["hirescam", "saliency"], "activations": ["conv1"], "batch_size": 64}


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return sequential(shape=SHAPE)


@pytest.fixture(scope="module")
def data() -> Dataset:
    random = np.random.default_rng(0)
    images = random.random((COUNT, *SHAPE), dtype=np.float32)
    images[17] = 0
    return Dataset(images, random.integers(0, CLASSES, COUNT), ("a", "b", "c"), "made")


@pytest.fixture(scope="module")
def whole(model, data, tmp_path_factory) -> Store:
    return extract(model, data, tmp_path_factory.mktemp("store") / "whole", unit_images=2000, **WANTED)


def test_units_cover_every_image_once():
    units = units_of(COUNT, 2000)
    assert [number for unit in units for number in range(unit.start, unit.stop)] == list(range(COUNT))
    assert [unit.number for unit in units] == list(range(6)) and len(units[-1]) == 1


def test_maps_and_activations_are_the_methods(whole, model, data):
    few = np.r_[0:40, 17, COUNT - 3 : COUNT]
    images = data.images[few]
    largest = np.abs(whole.maps("hirescam@conv2")[:]).max()
    np.testing.assert_allclose(whole.maps("hirescam@conv2")[:][few], HiResCAM(model)(images), atol=2e-5 * largest)
    np.testing.assert_allclose(whole.maps("saliency")[:][few], Saliency(model)(images), rtol=1e-4, atol=1e-5)
    kept = ActivationExtractor(model, "conv1")(images)["conv1"]
    np.testing.assert_allclose(whole.activations("conv1")[:][few], kept, atol=1e-5)
    assert dict(whole.maps("hirescam@conv2").attrs)["unit"] == "logit"
    assert whole.maps("saliency").metadata.dimension_names == ("image", "image row", "image column")


def test_the_table_is_keras_own(whole, model, data):
    answers = model.predict(data.images, verbose=0)
    found = whole.columns(["number", "label", "predicted", "correct", "probability", "probabilities", "logits", "loss"])
    np.testing.assert_array_equal(found["number"], np.arange(COUNT))
    np.testing.assert_array_equal(found["label"], data.labels)
    np.testing.assert_allclose(found["probabilities"], answers, atol=1e-5)
    np.testing.assert_allclose(nn.softmax(found["logits"]).numpy(), answers, atol=1e-5)
    np.testing.assert_allclose(found["probability"], answers.max(axis=1), atol=1e-5)
    np.testing.assert_array_equal(found["correct"], found["predicted"] == data.labels)
    losses = keras.losses.sparse_categorical_crossentropy(data.labels, answers)
    np.testing.assert_allclose(found["loss"], np.asarray(losses), atol=1e-4)
    assert (
        evaluation_from_probabilities(found["probabilities"], data.labels, data.class_names).accuracy
        == found["correct"].mean()
    )


def test_a_map_without_evidence_is_marked(whole):
    zero = whole.column("zero:hirescam@conv2")
    np.testing.assert_array_equal(zero, ~whole.maps("hirescam@conv2")[:].any(axis=(1, 2)))


def test_one_line_each_in_pandas_xarray_and_duckdb(whole):
    root = whole.root
    table = pytest.importorskip("pandas").read_parquet(root / "tables")
    assert len(table) == COUNT and set(table["true_class"]) == {"a", "b", "c"}
    assert (table["predicted_class"] == np.array(["a", "b", "c"])[table["predicted"]]).all()
    maps = pytest.importorskip("xarray").open_zarr(root / "maps", consolidated=False)
    assert set(maps.data_vars) == {"hirescam@conv2", "saliency"} and maps["saliency"].dims[0] == "image"
    np.testing.assert_array_equal(maps["saliency"].values, whole.maps("saliency")[:])
    duckdb = pytest.importorskip("duckdb")
    counted = duckdb.sql(f"select true_class, count(*) from '{root}/tables/*.parquet' where not correct group by all")
    wrong = table[~table["correct"]].groupby("true_class", observed=True).size().to_dict()
    assert dict(counted.fetchall()) == wrong


@pytest.mark.parametrize("unit_images", [777, 20_000])
def test_the_bits_do_not_depend_on_the_cut(unit_images, whole, model, data, tmp_path):
    cut = extract(model, data, tmp_path / "cut", unit_images=unit_images, **WANTED)
    assert whole.column("logits").tobytes() == cut.column("logits").tobytes()
    for name in whole.settings.maps:
        assert whole.maps(name)[:].tobytes() == cut.maps(name)[:].tobytes()
    assert whole.activations("conv1")[:].tobytes() == cut.activations("conv1")[:].tobytes()


def test_stores_of_parts_join_to_the_store_of_all(whole, model, data, tmp_path):
    parts = [data[:3333], data[3333:7000], data[7000:]]
    stores = [extract(model, part, tmp_path / f"{n}", unit_images=2000, **WANTED) for n, part in enumerate(parts)]
    joined = join_stores(stores, tmp_path / "joined")
    assert joined.digest == whole.digest and not joined.damaged()


def test_units_of_several_machines_gather_to_the_store_of_all(whole, model, data, tmp_path):
    some = [extract(model, data, tmp_path / f"{k}", unit_images=2000, part=(k, 2), **WANTED) for k in (1, 2)]
    assert [len(store.missing) for store in some] == [3, 3]
    gathered = join_stores(some, tmp_path / "gathered")
    assert gathered.digest == whole.digest and not gathered.missing and not gathered.damaged()


def test_of_one_image_nothing_is_different(model, data, tmp_path, whole):
    one = extract(model, data[:1], tmp_path / "one", unit_images=2000, **WANTED)
    assert one.column("logits").tobytes() == whole.column("logits")[:1].tobytes()
    assert len(open_store(one.root)) == 1


def test_float16_is_half_the_size_and_refuses_what_it_has_no_number_for(data, tmp_path):
    model = sequential(shape=SHAPE)
    small = extract(model, data[:50], tmp_path / "small", dtype="float16", methods=["saliency"])
    assert small.maps("saliency").dtype == np.float16
    model.layers[-1].kernel.assign(model.layers[-1].kernel * 1e6)
    with pytest.raises(ValueError, match=r"largest of float16.*--dtype float32"):
        extract(model, data[:50], tmp_path / "large", dtype="float16", methods=["saliency"])


def test_a_shipped_models_accuracy_is_its_cards(tmp_path):
    from featurelens.models import fashion_mnist

    store = extract(load_model("batchnorm_gap"), fashion_mnist("test")[:300], tmp_path / "s", unit_images=128)
    assert store.settings.maps == () and store.column("correct").mean() > 0.85
