"""An answer that never comes: the connection is cut instead."""

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class DroppedConnection(Response):
    """Cuts the client's connection without a byte of answer.

    Under uvicorn the transport is reached through `receive`, which frameworks pass on as it is. Anywhere else the
    answer is broken off after its head, which clients see as a lost connection as well.
    """

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Drops the connection; see the class."""
        abort = getattr(getattr(getattr(receive, "__self__", None), "transport", None), "abort", None)
        if abort:
            abort()
            # Only when the server has noticed the loss does it refrain from sending an answer of its own.
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4096")]})
        await send({"type": "http.response.body", "body": b"", "more_body": True})
