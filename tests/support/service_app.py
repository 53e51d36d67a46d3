"""A small real service: FastAPI, served by uvicorn. See service.py.

Its health is what the last PUT /mood/{mood} made it.
"""

import asyncio

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, StreamingResponse

app = FastAPI()
app.state.mood = "healthy"
app.state.seen = []


@app.put("/mood/{mood}")
async def put_mood(mood: str):
    app.state.mood = mood


@app.get("/health")
async def health(request: Request):
    app.state.seen.append([request.url.query, *request.headers.items()])
    if app.state.mood == "slow":
        await asyncio.sleep(60)
    well = app.state.mood == "healthy"
    return PlainTextResponse("fine, token t0psecret" if well else app.state.mood,
                             200 if well else 503)


@app.get("/seen")
async def seen():
    """The last request for /health: its query and headers."""
    return app.state.seen[-1]


@app.get("/home")
async def home():
    return RedirectResponse("/health", 307)


@app.get("/away")
async def away():
    return RedirectResponse("http://elsewhere.invalid/health", 302)


@app.get("/round")
async def go_round():
    return RedirectResponse("/round", 302)


@app.get("/hops/{left}")
async def hops(left: int):
    return RedirectResponse(f"{left - 1}" if left > 1 else "/health", 302)


async def words(pause_s):
    while True:
        yield "on and on and on and on\n" * 40
        await asyncio.sleep(pause_s)


@app.get("/flood")
async def flood():
    return StreamingResponse(words(0))


@app.get("/drip")
async def drip():
    return StreamingResponse(words(60))
