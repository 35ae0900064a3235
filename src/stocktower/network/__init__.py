"""The network owns sites and channels: their ids, and what they are under the applied configuration.

An id once given to a code stays with it for good; what leaves the configuration keeps its name but serves nothing.
"""

from .centroids import Point, locate
from .model import ChannelFacts, Group, Network, SiteFacts
from .rules import build_network, distance_km, ship_by
from .service import apply_network, load_network, load_network_at

__all__ = [
    "ChannelFacts",
    "Group",
    "Network",
    "Point",
    "SiteFacts",
    "apply_network",
    "build_network",
    "distance_km",
    "load_network",
    "load_network_at",
    "locate",
    "ship_by",
]
