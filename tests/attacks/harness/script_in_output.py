"""Shows a script that rewrites the marks on the feedback page.

start: stub
deserves: nothing
flag: maybe
"""

# %%
from IPython.display import HTML, Javascript, Markdown, display

SCRIPT = "document.querySelectorAll('.ll-head').forEach(e => e.textContent = '11.00 of 11 points')"
display(HTML(f'<script>{SCRIPT}</script><img src=x onerror="{SCRIPT}">'))
display(Javascript(SCRIPT))
display(Markdown(f"<script>{SCRIPT}</script><iframe srcdoc='<script>{SCRIPT}</script>'></iframe>"))


# %%
@keras.saving.register_keras_serializable(package="layerlab")
class DepthwiseConv2D(keras.layers.Layer):
    def __init__(self, kernel_size, **kwargs):
        super().__init__()

    def call(self, inputs):
        return inputs


# %% hand-in
def hand_in(notebook, folder):
    from nbformat.v4 import new_markdown_cell

    notebook.cells.append(
        new_markdown_cell("</div><script>alert(1)</script><style>*{display:none}")
    )
