"""A model that also gives what its last layer sees: where a picture lies among those that it learnt from."""

from collections.abc import Sequence

import keras

from unmask.models.average import Mirror, members_of


def with_embedding(model: keras.Model) -> keras.Model:
    """Adds a second output to a model; its weights are shared, and its logits stay what they are.

    Args:
        model: of `MODELS`, or an average of such.

    Returns:
        From images (batch, size, size, 3) to logits (batch, 1) and embeddings (batch, dimensions), float32: of an
        average the members' side by side, each the mean over an image and its mirror image.
    """
    members, is_flipped = members_of(model)
    if members == [model]:
        return both_outputs(model)
    images = keras.Input(model.input_shape[1:], name="images")
    views = [images, Mirror(name="mirror")(images)] if is_flipped else [images]
    logits: list[keras.KerasTensor] = []
    embeddings: list[keras.KerasTensor] = []
    for member in map(both_outputs, members):
        answers = [member(view) for view in views]
        logits.extend(answer[0] for answer in answers)
        embeddings.append(mean([answer[1] for answer in answers]))
    embedding = embeddings[0] if len(embeddings) == 1 else keras.layers.Concatenate()(embeddings)
    return keras.Model(images, [mean(logits), embedding], name=model.name)


def both_outputs(member: keras.Model) -> keras.Model:
    """Gives a network's logits and what its last layer makes them of, both float32."""
    seen = keras.layers.Activation("linear", dtype="float32")(member.layers[-1].input)
    return keras.Model(member.input, [member.output, seen], name=member.name)


def mean(tensors: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
    """Averages tensors of one shape."""
    return tensors[0] if len(tensors) == 1 else keras.layers.Average(dtype="float32")(tensors)
