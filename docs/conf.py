"""Sphinx's configuration of the course book (`autograder book`)."""

project = "layerlab"
html_title = "layerlab: convolutional networks, layer by layer"
html_theme = "sphinx_book_theme"
html_theme_options = {"show_toc_level": 2, "use_download_button": True}
html_copy_source = False

extensions = ["myst_nb"]
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3

# Experiments take up to a minute each. TensorFlow's log lines are nobody's output.
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_output_stderr = "remove"
nb_merge_streams = True
