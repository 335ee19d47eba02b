"""Tags every locked cell so that nbgrader does not run it.

start: stub
deserves: nothing
flag: yes
"""


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        super().__init__()

    def call(self, inputs):
        return inputs


# %% hand-in
def hand_in(notebook, folder):
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("locked"):
            cell.metadata["tags"] = ["skip-execution", "remove-cell", "raises-exception"]
