"""You add up how far the lengths are beyond their margins; the margin loss adds up the
squares."""

import keras


@keras.saving.register_keras_serializable(package="layerlab")
class MarginLoss(keras.losses.Loss):
    """The margin loss of capsule networks."""

    def __init__(self, m_plus=0.9, m_minus=0.1, lam=0.5, **kwargs):
        super().__init__(**kwargs)
        self.m_plus = m_plus
        self.m_minus = m_minus
        self.lam = lam

    def call(self, y_true, y_pred):
        y_true = keras.ops.cast(y_true, y_pred.dtype)
        present = y_true * keras.ops.maximum(0.0, self.m_plus - y_pred)
        absent = (1 - y_true) * keras.ops.maximum(0.0, y_pred - self.m_minus)
        return keras.ops.sum(present + self.lam * absent, axis=-1)

    def get_config(self):
        config = super().get_config()
        config.update({"m_plus": self.m_plus, "m_minus": self.m_minus, "lam": self.lam})
        return config
