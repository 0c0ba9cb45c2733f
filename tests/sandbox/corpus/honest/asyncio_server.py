# call: f("abc") == "cba"
# verdict: pass
import asyncio


async def turn(reader, writer):
    line = await reader.readline()
    writer.write(line.strip()[::-1])
    writer.close()


async def f(text):
    server = await asyncio.start_server(turn, "localhost", 0)
    host, port = server.sockets[0].getsockname()[:2]
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(text.encode() + b"\n")
    answer = await reader.read()
    writer.close()
    server.close()
    return answer.decode()
