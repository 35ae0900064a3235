"""Publication owns what we told whom, how each listing stands, how fast it sells, and how each channel keeps up.

Always true: a channel is told only what matters, the newest value, the most dangerous first, within its rate; every
word is kept, and what was right when adds up to the time listed. A channel that does not keep up is shown less.
"""

from .acknowledging import NotPossible, UnknownPublication, acknowledge, resend, set_velocity
from .measuring import measure_channels, note_accepted
from .model import (
    Accepted,
    Accuracy,
    AccuracyRow,
    Ahead,
    ChannelState,
    Difference,
    Exposure,
    Pace,
    PreorderWord,
    Publication,
    PublicationRow,
    Round,
    SkuVelocity,
    StaleSale,
    Standing,
    Told,
    Velocity,
)
from .preorders import LOOK as PREORDER
from .preorders import ahead_of, look_again
from .rebuilding import PROJECTIONS
from .rules import changed_skus
from .service import (
    KINDS,
    VELOCITY,
    WATCH,
    begin_watching,
    compare,
    load_not_sent,
    load_recorded_paths,
    note_sent,
    publish_due,
    take_events,
)
from .shelf import Offer, Shelf
from .truths import Desk
from .views import (
    ChannelHealth,
    Shown,
    count_told,
    load_accuracy_by_day,
    load_accuracy_of_skus,
    load_health,
    load_offers,
    load_over_exposed,
    load_preorders,
    load_publications,
    load_shown,
    load_stale_sales,
    load_told,
    load_told_at,
    load_told_between,
)
from .watching import watch_channels

__all__ = [
    "KINDS",
    "PREORDER",
    "PROJECTIONS",
    "VELOCITY",
    "WATCH",
    "Accepted",
    "Accuracy",
    "AccuracyRow",
    "Ahead",
    "ChannelHealth",
    "ChannelState",
    "Desk",
    "Difference",
    "Exposure",
    "NotPossible",
    "Offer",
    "Pace",
    "PreorderWord",
    "Publication",
    "PublicationRow",
    "Round",
    "Shelf",
    "Shown",
    "SkuVelocity",
    "StaleSale",
    "Standing",
    "Told",
    "UnknownPublication",
    "Velocity",
    "acknowledge",
    "ahead_of",
    "begin_watching",
    "changed_skus",
    "compare",
    "count_told",
    "load_accuracy_by_day",
    "load_accuracy_of_skus",
    "load_health",
    "load_not_sent",
    "load_offers",
    "load_over_exposed",
    "load_preorders",
    "load_publications",
    "load_recorded_paths",
    "load_shown",
    "load_stale_sales",
    "load_told",
    "load_told_at",
    "load_told_between",
    "look_again",
    "measure_channels",
    "note_accepted",
    "note_sent",
    "publish_due",
    "resend",
    "set_velocity",
    "take_events",
    "watch_channels",
]
