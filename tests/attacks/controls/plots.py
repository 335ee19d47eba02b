"""Draws its kernels and saves the figure.

start: solution
deserves: full
flag: no
"""

# %%
layer = DepthwiseConv2D(5)
layer.build((1, 8, 8, 3))
figure, axes = plt.subplots(1, 3)
for channel, ax in enumerate(axes):
    ax.imshow(layer.kernel[:, :, channel, 0])
    ax.set_title(f"channel {channel}")
plt.savefig("kernels.png")
plt.show()
