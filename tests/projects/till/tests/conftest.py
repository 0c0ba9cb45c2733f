import pytest
from till import Till


@pytest.fixture
def till():
    return Till().add(1.5)
