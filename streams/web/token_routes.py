"""Tokens over the API: what the one that asks may do, and, for one of scope write, others of its tenants."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Body, Depends, HTTPException, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from streams.web.access import AccessDep, ReaderDep, WriterDep, reader
from streams.web.answers import MEDIA, Form
from streams.web.openapi import answers_with
from streams.web.questions import Name
from streams.web.tokens import LONGEST_DAYS, NewToken, Scope, Token

router = APIRouter(prefix="/v1", dependencies=[Depends(reader)], tags=["tokens"])

_FORBIDDEN = {403: "The token's scope is not write, or it does not cover those tenants."}
_TokenId = Annotated[str, Path(pattern="^[0-9a-f]{16}$")]


class Wanted(BaseModel):
    """A token to make."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(description="Whose it is.")
    tenants: list[Name] = Field(min_length=1, max_length=1000, description="Whose rows it may see; * is every tenant.")
    scope: Scope = "read"
    days: int | None = Field(
        None, ge=1, le=LONGEST_DAYS, description="How long it holds; as long as its maker where not given."
    )


@router.get("/token", responses=answers_with(Token))
def own(reader: ReaderDep) -> Response:
    """The token that asks: its tenants, its scope, until when it holds."""
    return _json(reader.token)


@router.get("/tokens", responses=answers_with(list[Token], problems=_FORBIDDEN))
def all_(reader: WriterDep, access: AccessDep) -> Response:
    """Every token that covers no tenant which the one that asks does not."""
    return _json([token for token in access.tokens.all() if reader.token.covers(token.tenants)])


@router.post("/tokens", status_code=201, responses=answers_with(NewToken, 201, problems=_FORBIDDEN))
def create(reader: WriterDep, access: AccessDep, wanted: Annotated[Wanted, Body()]) -> Response:
    """Make a token for some of one's own tenants, that ends with one's own. Its secret is in this answer only."""
    if not reader.token.covers(wanted.tenants):
        raise HTTPException(403, "a token can be made only for tenants that one's own covers")
    made = access.tokens.create(wanted.name, wanted.tenants, wanted.scope, wanted.days, maker=reader.token)
    return _json(made, status=201)


@router.delete(
    "/tokens/{token_id}", responses=answers_with(Token, problems=_FORBIDDEN | {404: "There is no such token."})
)
def revoke(reader: WriterDep, access: AccessDep, token_id: _TokenId) -> Response:
    """Let a token hold no longer, from the next request on, nor any that it made, nor any that those made."""
    token = access.tokens.named(token_id)
    if token is None or not reader.token.covers(token.tenants):
        raise HTTPException(404, f"there is no token {token_id} that this one covers")
    return _json(access.tokens.revoke(token_id))


def _json(found: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(found), status, media_type=MEDIA[Form.JSON])
