# call: f(4) == [0, 1, 4, 9]
# verdict: pass
# cpu: 5
import asyncio


async def f(n):
    return await asyncio.gather(*(asyncio.to_thread(pow, i, 2) for i in range(n)))
