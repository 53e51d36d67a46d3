"""Orders. The service takes its schema for granted: no migration code, no loop that waits."""

from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import text

from service.database import engine

app = FastAPI(title="orders")


class Order(BaseModel):
    customer: str


@app.on_event("startup")
def read_open_orders():
    """What a service typically does first. Without its table it would crash here."""
    with engine.connect() as connection:
        app.state.open_at_start = connection.scalar(
            text("SELECT count(*) FROM orders WHERE status = 'open'"))


@app.get("/health")
def health():
    """Of this process alone: whether the schema is right is the gate's business."""
    return {"open_at_start": app.state.open_at_start}


@app.get("/orders")
def orders():
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, customer, status FROM orders ORDER BY id"))
        return [dict(row) for row in rows.mappings()]


@app.post("/orders", status_code=201)
def add(order: Order):
    with engine.begin() as connection:
        id = connection.scalar(text("INSERT INTO orders (customer) VALUES (:customer) RETURNING id"),
                               order.dict())
        return {"id": id}
