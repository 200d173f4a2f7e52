from __future__ import annotations

import pytest
from pydantic import BaseModel, Field, ValidationError, model_validator

from aetherflow.kernel.run.problems import problems_of_model


class Model(BaseModel):
    number: int = Field(ge=0)

    @model_validator(mode="after")
    def _even(self) -> Model:
        if self.number % 2:
            raise ValueError("Give an even number")
        return self


@pytest.mark.parametrize(
    ("number", "told"),
    [(1, "give an even number"), (-2, "number: input should be greater than or equal to 0")],
)
def test_problem_is_told_in_its_own_words(number, told):
    """pydantic puts "Value error," before what a validator says, and a model has no place."""
    with pytest.raises(ValidationError) as caught:
        Model(number=number)
    assert list(problems_of_model(caught.value)) == [told]
