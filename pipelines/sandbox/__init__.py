"""A CBR v3 and IAM v3 service on loopback, over real sockets, with a synthetic estate.

The demo and the tests read from it as from any cloud. It knows the wire (paths, paging, errors, quirks) and
nothing of the pipeline that reads it.
"""

from pipelines.sandbox.server import Sandbox, serve

__all__ = ["Sandbox", "serve"]
