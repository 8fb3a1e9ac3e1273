"""Which layer follows which in a functional model."""

from collections import Counter, defaultdict

import keras


class Graph:
    """The layers of a functional model by what they take and give.

    Only of layers that are called once, and take one tensor and give one, it can be told what
    is before and after them.

    Args:
        model: a functional model.
    """

    def __init__(self, model: keras.Model):
        self._takers: dict[int, list] = defaultdict(list)
        self._nodes = {}
        nodes = [node for level in model._nodes_by_depth.values() for node in level]
        calls = Counter(id(node.operation) for node in nodes)
        for node in nodes:
            for tensor in node.input_tensors:
                self._takers[id(tensor)].append(node.operation)
            if calls[id(node.operation)] == len(node.input_tensors) == len(node.outputs) == 1:
                self._nodes[id(node.operation)] = node
        self._makers = {id(node.outputs[0]): node.operation for node in self._nodes.values()}
        for tensor in model.outputs:
            self._takers[id(tensor)].append(None)

    def input(self, layer: keras.Layer) -> keras.KerasTensor | None:
        """Returns what a layer takes, if it is one tensor and the layer is called once."""
        node = self._nodes.get(id(layer))
        return node and node.input_tensors[0]

    def before(self, layer: keras.Layer):
        """Returns the layer whose output is taken by this one alone, or None."""
        tensor = self.input(layer)
        if tensor is None or len(self._takers[id(tensor)]) != 1:
            return None
        return self._makers.get(id(tensor))

    def after(self, layer: keras.Layer):
        """Returns the layer that alone takes the output of this one, or None."""
        node = self._nodes.get(id(layer))
        takers = self._takers[id(node.outputs[0])] if node else []
        return takers[0] if len(takers) == 1 and id(takers[0]) in self._nodes else None

    def beside(self, layer: keras.Layer) -> list:
        """Returns the layers that take the same tensor as this one, itself included."""
        tensor = self.input(layer)
        takers = [] if tensor is None else self._takers[id(tensor)]
        return [taker for taker in takers if id(taker) in self._nodes]


def nothing(inputs, **_):
    """Stands in a copied graph for a layer whose work another one does."""
    return inputs
