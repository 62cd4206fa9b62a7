"""Every test runs on asyncio's own loop and on uvloop."""

from collections.abc import AsyncIterator

import pytest

from apps.serving.transport import HttpClient


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request):
    return ("asyncio", {"use_uvloop": request.param})


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    opened = HttpClient()
    yield opened
    await opened.aclose()
