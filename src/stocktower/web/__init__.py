"""The web owns what people and other systems see: pages that answer a question, and a JSON API with its description.

It decides nothing: it reads the rooms' views, and enters the highest room that a command changes. Nobody is let in
without a session or a token, except to /health; a dry run is the act itself, rolled back.
"""

from .lot_events import as_epcis
from .server import make_app, serve
from .services import Act, ImportFile, Outcome, Refused, Services

__all__ = ["Act", "ImportFile", "Outcome", "Refused", "Services", "as_epcis", "make_app", "serve"]
