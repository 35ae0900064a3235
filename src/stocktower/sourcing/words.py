"""The reason of a choice in sentences, for people. Pure."""

from .model import Reason

_BECAUSE = {
    "protected": "it spares protected stores ({0} against {1})",
    "splits": "it makes fewer shipments ({shipments} against {other_shipments})",
    "priority": "its priority is better ({0} against {1})",
    "distance": "it is nearer ({0:,} km against {1:,} km)",
    "units": "it serves more units ({0} against {1})",
}


def explain(reason: Reason) -> str:
    """Why the plan was chosen: one to three sentences."""
    if reason.by == "none":
        if not reason.lacking:
            return "No site serves this channel and ships to this country."
        return f"No site that may serve this order has any of it: {_listed(reason.lacking)}."
    sentences = [_chosen(reason)]
    if reason.spared:
        sentences.append(f"{_listed(reason.spared)} could have served it alone and is protected.")
    if reason.lacking and not reason.short and len(reason.sites) == 1:
        sentences.append(f"{_listed(reason.lacking)} could not serve all of it.")
    if reason.short:
        sentences.append(f"{reason.short} {'unit is' if reason.short == 1 else 'units are'} not to be had.")
    return " ".join(sentences)


def _chosen(reason: Reason) -> str:
    plan = f"{_listed(reason.sites)} {'serves' if len(reason.sites) == 1 else 'serve'} it"
    if not reason.runner_up:
        return f"{plan}: there is no other way." if not reason.short else f"{plan} as far as it goes."
    other = _listed(reason.runner_up)
    template = _BECAUSE.get(reason.by)
    if template is None or reason.values is None:
        return f"{plan} and not {other}, by the order of the sites in the configuration."
    mine, theirs = reason.values
    because = template.format(mine, theirs, shipments=mine + 1, other_shipments=theirs + 1)
    return f"{plan} and not {other}, because {because}."


def _listed(codes: tuple[str, ...]) -> str:
    return codes[0] if len(codes) == 1 else f"{', '.join(codes[:-1])} and {codes[-1]}"
