from benchmarks.bundle_section import bundle_section

ENGINE = {"parity": 2.44e-7, "accuracy": 0.8257, "roc_auc": 0.9141, "largest_difference": 0.0, "mean_difference": 0.0}
FOUND = {
    "parity_pictures": 500,
    "images": 241,
    "commit": "abc",
    "command": "python -m benchmarks.bundles --model cnn",
    "engines": {
        "openvino": {**ENGINE, "changed": 0, "megabytes": 5.04, "speed": 1.0},
        "int8": {**ENGINE, "parity": None, "changed": 2, "megabytes": 1.3, "speed": 1.42},
    },
}


def test_nothing_measured_writes_nothing() -> None:
    assert bundle_section({}) == ""


def test_each_engine_has_a_line_and_the_command_stands_below() -> None:
    text = bundle_section({"subset, cnn": FOUND})
    zero = "0.0e+00 | 0.0e+00"
    assert (
        f"| subset, cnn | openvino | 2.4e-07 (500 pictures) | 0.826 | 0.914 | {zero} | 0 of 241 | 5.0 | 1.00 |" in text
    )
    assert f"| subset, cnn | int8 |  | 0.826 | 0.914 | {zero} | 2 of 241 | 1.3 | 1.42 |" in text
    assert "python -m benchmarks.bundles --model cnn  # abc" in text
