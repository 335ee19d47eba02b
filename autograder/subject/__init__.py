"""The untrusted side: what runs inside the sandbox. It holds no secret and imports no other part
of the autograder, since the sandbox shows it nothing but this folder and `layerlab`.
"""
