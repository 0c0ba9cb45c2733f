# call: f(3) == 9
# verdict: pass
import asyncio


async def square(n):
    await asyncio.sleep(0)
    return n * n


def f(n):
    return asyncio.run(square(n))
