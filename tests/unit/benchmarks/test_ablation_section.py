"""The tables of what each choice brings, from rows."""

from typing import Any

from benchmarks.ablation_section import ablation_sections, upsert


def row(recipe: str, value: float, *, share: float = 1.0) -> dict[str, Any]:
    bounds = {"value": value, "low": value - 0.05, "high": value + 0.05}
    about = {"note": f"note of {recipe}", "minutes": 2.5, "commit": "abc", "command": f"measure {recipe} {share}"}
    images = round(1000 * share)
    return {"data": "faces", "model": "cnn", "recipe": recipe, "share": share, "images": images, "epochs": 9} | (
        about | bounds
    )


def test_the_best_recipe_comes_first() -> None:
    (section,) = ablation_sections([row("base", 0.7), row("base, more", 0.8)])
    assert "### faces, cnn, 1,000 training images" in section
    assert section.index("| base, more | note of base, more | 0.800 (0.750 to 0.850) | 9 | 2.5 |") < section.index(
        "| base | note of base | 0.700"
    )
    assert "measure base 1.0  # abc" in section


def test_shares_of_the_images_make_a_learning_curve() -> None:
    rows = [row("base", 0.7), row("base", 0.6, share=0.1), row("other", 0.9)]
    choices, curve = ablation_sections(rows)
    assert "| base | 0.600 (0.550 to 0.650) | 0.700 (0.650 to 0.750) |" in curve
    assert "| recipe | 10%: 100 images | 100%: 1,000 images |" in curve
    assert "other" in choices
    assert "other" not in curve


def test_a_line_measured_again_replaces_the_earlier_one() -> None:
    rows = upsert([row("base", 0.7), row("other", 0.8)], row("base", 0.75))
    assert [(each["recipe"], each["value"]) for each in rows] == [("base", 0.75), ("other", 0.8)]


def test_nothing_measured_writes_nothing() -> None:
    assert ablation_sections([]) == []


def test_a_training_that_fell_silent_is_named() -> None:
    silent = row("base", 0.5, share=0.3) | {"low": 0.499, "high": 0.501}
    (_, curve) = ablation_sections([row("base", 0.7), silent])
    assert "the same answer for every image" in curve
    (_, curve) = ablation_sections([row("base", 0.7), row("base", 0.5, share=0.3)])
    assert "the same answer" not in curve


def test_a_training_that_is_sure_of_its_ranking_is_not_called_silent() -> None:
    nearly_perfect = row("base", 0.998, share=0.3) | {"low": 0.995, "high": 1.0}
    (_, curve) = ablation_sections([row("base", 0.7), nearly_perfect])
    assert "the same answer" not in curve
