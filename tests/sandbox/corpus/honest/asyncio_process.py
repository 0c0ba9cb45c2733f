# call: f("hi") == "hi"
# verdict: pass
# cpu: 5
import asyncio
import sys


async def f(text):
    process = await asyncio.create_subprocess_exec(
        sys.executable, '-c', f'print({text!r})', stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return out.decode().strip()
