"""What a BERT is made of: the numbers in Hugging Face's config.json, under the same names."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from minisft.errors import InputError


@dataclass(frozen=True)
class BertConfig:
    """Sizes and probabilities of a BERT (Devlin et al. 2019). The defaults are those of BERT-base, uncased.

    Raises InputError where a number is out of range, or two contradict each other.
    """

    vocab_size: int = 30522  # V
    hidden_size: int = 768  # E
    num_hidden_layers: int = 12
    num_attention_heads: int = 12  # H
    intermediate_size: int = 3072  # F
    hidden_act: str = "gelu"
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    classifier_dropout: float | None = None  # None: as hidden_dropout_prob
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-12
    pad_token_id: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name == "pad_token_id" else 1
            if field.type is int and not (type(value) is int and value >= least):
                raise InputError(f"{field.name} is {value!r}; expected a whole number, at least {least}")
            is_number = field.type is float or (field.type == float | None and value is not None)
            if is_number and type(value) not in (int, float):
                raise InputError(f"{field.name} is {value!r}; expected a number")
            if "dropout" in field.name and value is not None and not 0 <= value < 1:
                raise InputError(f"{field.name} is {value!r}; expected 0 or more, and less than 1")
        if self.hidden_size % self.num_attention_heads:
            raise InputError(
                f"num_attention_heads {self.num_attention_heads} does not divide hidden_size {self.hidden_size}"
            )
        if self.hidden_act not in ("gelu", "relu"):
            raise InputError(f"hidden_act {self.hidden_act!r} is not known; expected 'gelu' (by erf) or 'relu'")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "BertConfig":
        """Read the keys of a config.json. Keys that do not concern the network are passed over.

        Raises InputError where the file describes another architecture than BERT's encoder.
        """
        expected = {"model_type": "bert", "position_embedding_type": "absolute"}
        refused = {"is_decoder": False, "add_cross_attention": False}
        for key, value in (expected | refused).items():
            if values.get(key, value) != value:
                raise InputError(f"this is not a BERT encoder: {key} is {values[key]!r}, expected {value!r}")
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in known})

    def to_dict(self) -> dict[str, Any]:
        """The same keys and values, ready for a config.json."""
        return asdict(self)
