import numpy as np

from aezoo.export.page.store import Store, restored


def test_arrays_come_back_as_the_page_reads_them(rng):
    store = Store()
    arrays = {
        "exact": rng.normal(size=(3, 5)).astype("float32"),
        "places": rng.integers(0, 9, (4, 2)).astype("int32"),
        "image": (rng.integers(0, 256, (2, 7, 7, 1)) / 255).astype("float32"),
        "fine": rng.normal(size=(11,)).astype("float32"),
        "flat": np.full((3,), 2.5, "float32"),
    }
    steps = {"image": 255, "fine": 65535, "flat": 255}
    ends = {"image": (0, 1)}
    places = {
        key: store.add(values, steps.get(key), ends.get(key)) for key, values in arrays.items()
    }
    assert all(place["at"] % 4 == 0 for place in places.values())
    found = {key: restored(store.content, place) for key, place in places.items()}
    for key in ("exact", "places", "flat"):
        np.testing.assert_array_equal(found[key], arrays[key])
    assert found["places"].dtype == np.int32
    assert [places[key]["type"] for key in ("image", "fine")] == ["uint8", "uint16"]
    assert np.abs(found["image"] - arrays["image"]).max() < 1e-3 / 255
    assert np.abs(found["fine"] - arrays["fine"]).max() <= 0.6 * places["fine"]["scale"]
