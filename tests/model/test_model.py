"""The configuration file: problems with their line, differences, versions on their base, models that do not run."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktower import model
from stocktower.kernel import CaseKind, Domain, Step
from stocktower.platform import Transaction

TEMPLATE = model.template()


def overriding(line: str) -> str:
    """The template with an act given to a role."""
    return changed('preset = "oms-led"', f'preset = "oms-led"\n[operating_model.overrides]\n{line}')


def problems(text: str) -> list[model.Problem]:
    with pytest.raises(model.ConfigurationError) as caught:
        model.load_configuration(text, file="shop.toml")
    return caught.value.problems


def changed(old: str, new: str) -> str:
    assert old in TEMPLATE
    return TEMPLATE.replace(old, new, 1)


def test_the_template_is_valid_and_runs() -> None:
    configuration = model.load_configuration(TEMPLATE, file="shop.toml")
    model.check_runs(configuration)
    assert configuration.channels[0].sites == ("MAIN",)


@pytest.mark.parametrize(
    ("text", "path", "word"),
    [
        (changed('code = "MAIN"', 'codes = "MAIN"'), "sites[1].codes", "not a key"),
        (changed("priority = 10", 'priority = "first"'), "sites[1].priority", "Expected `int`"),
        (TEMPLATE + "[counting]\nlines_per_day = 0\n", "counting.lines_per_day", "below 1"),
        (TEMPLATE + '[counting]\nplan_at = "5 am"\n', "counting.plan_at", "time of day"),
        (TEMPLATE + "[counting]\na_percent = 90\n", "counting.a_percent", "0 to 100"),
        (TEMPLATE + "[counting.a]\ninterval_days = 0\n", "counting.a.interval_days", "below one day"),
        (
            TEMPLATE + '[counting.c]\ninterval_days = 9\ntolerance_percent = "101"\n',
            "counting.c.tolerance_percent",
            "0 to 100",
        ),
        (changed('sites = ["MAIN"]', 'sites = ["MIAN"]'), "channels[1].sites", "not a site"),
        (changed("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00"), "channels[1].live_from", "offset"),
        (
            changed('preset = "oms-led"', 'preset = "oms-led"\nrevenue_at = "payment"'),
            "operating_model.revenue_at",
            "before",
        ),
        (
            changed('preset = "oms-led"', 'preset = "oms-led"\nreserve_at = "release"'),
            "operating_model.reserve_at",
            "after",
        ),
        (
            changed('preset = "oms-led"', 'preset = "oms-led"\n[operating_model.domains]\ninventory = "erp, tower"'),
            "operating_model.domains.inventory",
            "two owners",
        ),
        (
            changed('preset = "oms-led"', 'preset = "oms-led"\n[operating_model.steps]\nroute = ""'),
            "operating_model.steps.route",
            "no owner",
        ),
        (overriding('drink_tea = "finance"'), "operating_model.overrides.drink_tea", "not an act"),
        (overriding('adjust_order = "emperor"'), "operating_model.overrides.adjust_order", "not a role"),
        (overriding('manage_access = "finance"'), "operating_model.overrides.manage_access", "takes it back"),
        (TEMPLATE + '[cases.no_stock]\nrole = ""\nsla_hours = 4\n', "cases.no_stock.role", "no role"),
        (TEMPLATE + '[accounts]\ninventory = "Stock"\n', "accounts.inventory", "not an account"),
    ],
)
def test_a_problem_has_its_line_and_its_fix(text: str, path: str, word: str) -> None:
    found = problems(text)
    assert [problem.path for problem in found] == [path]
    assert word in found[0].problem
    assert found[0].fix
    name = path.rsplit(".", 1)[-1]
    assert name in text.splitlines()[found[0].line - 1]


def test_what_is_not_toml_has_its_line() -> None:
    (found,) = problems(changed('code = "shop"', "code = shop"))
    assert TEMPLATE.splitlines()[found.line - 1].startswith("code")


def test_a_channel_in_another_currency_needs_a_rate() -> None:
    (found,) = problems(changed('currency = "USD"\nlive_from', 'currency = "EUR"\nlive_from'))
    assert found.path == "channels[1].currency"
    assert 'source = "EUR"' in found.fix


@pytest.mark.parametrize("preset", ["erp-centric", "commerce-centric", "hub"])
def test_other_presets_are_checked_and_refuse_to_run(preset: str) -> None:
    configuration = model.load_configuration(changed('preset = "oms-led"', f'preset = "{preset}"'), file="shop.toml")
    with pytest.raises(model.WillNotRun, match="oms-led"):
        model.check_runs(configuration)


def test_every_domain_step_and_case_kind_has_an_owner() -> None:
    configuration = model.load_configuration(TEMPLATE, file="shop.toml")
    assert all(model.owner_of(configuration, name) for name in [*Domain, *Step])
    assert all(model.case_policy(configuration, kind).role for kind in CaseKind)


@given(
    st.lists(st.tuples(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.decimals("0.01", "99", places=4)), min_size=1)
)
def test_the_rate_is_the_latest_stated(stated: list[tuple[date, Decimal]]) -> None:
    base = model.load_configuration(TEMPLATE, file="shop.toml")
    rates = tuple(model.Rate(source="EUR", target="USD", rate=rate, since=since) for since, rate in stated)
    configuration = model.Configuration(base.merchant, base.entities, base.sites, base.channels, rates=rates)
    latest = max(since for since, _ in stated)
    assert model.rate(configuration, "EUR", "USD", latest) in {
        Fraction(rate) for since, rate in stated if since == latest
    }
    with pytest.raises(model.RateMissing):
        model.rate(configuration, "EUR", "USD", date(2019, 1, 1))
    assert model.rate(configuration, "USD", "USD", date(2019, 1, 1)) == 1


def test_versions_are_compared_and_set(tx: Transaction) -> None:
    with pytest.raises(model.NotApplied):
        model.load_applied(tx)
    first = model.apply_configuration(tx, TEMPLATE, base_version=None, author="ada", file="shop.toml")
    assert first.version == 1
    again = model.apply_configuration(tx, TEMPLATE + "\n# a comment\n", base_version=1, author="ben", file="shop.toml")
    assert (again.version, again.changes) == (1, ())
    second = model.apply_configuration(
        tx, changed("priority = 10", "priority = 20"), base_version=1, author="ben", file="shop.toml"
    )
    assert second.version == 2
    assert [(c.path, c.before, c.after) for c in second.changes] == [("sites[MAIN].priority", "10", "20")]
    with pytest.raises(model.StaleBase, match="ben applied version 2"):
        model.apply_configuration(tx, TEMPLATE, base_version=1, author="ada", file="shop.toml")
    same = model.apply_configuration(
        tx, changed("priority = 10", "priority = 20"), base_version=1, author="ben", file="shop.toml"
    )
    assert (same.version, same.changes) == (2, ())
    assert model.load_applied(tx).configuration.sites[0].priority == 20
    assert model.load_applied_version(tx, 1).configuration.sites[0].priority == 10
    assert [version.author for version in model.load_versions(tx)] == ["ben", "ada"]
