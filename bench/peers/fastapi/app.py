"""What the API is compared with: a constant, served by FastAPI."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def constant():
    return {"status": "ok"}
