"""The configuration file that `stocktower init` writes: complete, commented, and valid as it stands."""


def template() -> str:
    """Text of a first stocktower.toml."""
    return _TEXT


_TEXT = """\
# Your business as Stocktower sees it. Change it, then run: stocktower apply

[merchant]
code = "shop"                          # short, never changed later
name = "My shop"
timezone = "UTC"                       # an IANA name like "Europe/Berlin"; dates without an offset are read in it

# Who decides what. This version runs "oms-led": the tower allocates, routes and keeps the books.
[operating_model]
preset = "oms-led"
# [operating_model.domains]
# price = "erp"                        # the system of record of a domain, over the preset's
# [operating_model.overrides]
# adjust_order = "customer_service"    # an act that this role alone may do, at the command line too

# Legal entities, each with one book currency.
[[entities]]
code = "main"
name = "My shop Ltd"
currency = "USD"

# Stated exchange rates, needed for channels in other currencies: 1 source = rate target.
# [[rates]]
# source = "EUR"
# target = "USD"
# rate = "1.0850"
# since = 2026-01-01

# Where stock lies or comes from: warehouse, store, 3pl, dropship, marketplace or virtual.
[[sites]]
code = "MAIN"
name = "Main warehouse"
kind = "warehouse"
country = "US"
region = "NY"                          # or latitude = 40.7 and longitude = -74.0
priority = 10                          # lower is preferred
# protected = true                     # used only where no plan without it serves an order
# safety_stock = 1                     # of every SKU, not offered to channels
# ships_to = ["US"]                    # countries; left out: all
# acknowledge_hours = 24               # silent for longer on a request: a case
# bins = true                          # where units lie inside it is kept, by bin

# Where you sell.
[[channels]]
code = "web"
name = "Web shop"
kind = "shopify"                       # shopify, amazon, b2b, store or other
format = "shopify"                     # of its order files: shopify, amazon or csv
currency = "USD"
live_from = 2026-01-01T00:00:00+00:00  # orders placed before it are history: they move nothing
sites = ["MAIN"]                       # that serve it
priority = 50                          # lower is served first when stock is short
# tax_included = true                  # prices with tax inside
# ship_partial = true                  # ship what is there while the rest waits
# terms_days = 30                      # released without payment
# ship_by_cutoff = "17:00"             # the promise to ship, in the channel's zone
# publish_every_minutes = 15           # 0: at each run
# listings_per_minute = 600            # that it takes; left out: any number
# acknowledge_within_minutes = 15      # it says that it has a publication; left out: it never says
# max_splits = 3                       # sites that one order may be split over

# Quantities that a site does not offer, by SKU.
# [[safety_stock]]
# site = "MAIN"
# sku = "SKU-1"
# quantity = 5

# A level kept for one channel.
# [[set_asides]]
# channel = "web"
# sku = "SKU-1"
# quantity = 10

# When a change is worth telling, what sells fast, and how a channel's lag becomes a buffer.
# [publication]
# fast_cover_days = 3                  # what lasts no longer is fast
# normal_percent = 2                   # smaller differences are not told; zero and over-exposure always
# buffer_percent = 95                  # how surely the buffer holds for what others sell during the lag

# How plans that serve an order are compared, the first that differs decides.
[sourcing]
prefer = ["protected", "splits", "priority", "distance"]

# Outside systems whose word on stock is compared with ours; a comparison changes nothing.
# [[systems]]
# code = "erp"
# name = "ERP"
# kind = "erp"                         # erp, wms, 3pl or marketplace
# sites = ["MAIN"]                     # left out: all
# times = ["06:00"]                    # when a statement is expected; or every_hours = 24
# complete = true                      # what a statement leaves out of a site is zero
# tolerance_units = 1                  # a difference within this, or within tolerance_percent, is none
# [systems.statuses]
# BLOCKED = "quarantine"               # its word = our status
# [systems.locations]
# "0001" = "MAIN"                      # its place = our site

# Cycle counts: which rows are counted when, which difference is counted again, which one somebody approves.
# [counting]
# every_morning = true                 # warehouses and stores get a sheet by themselves, in their own zone
# plan_at = "05:00"
# lines_per_day = 50                   # what a site can count in a day
# approve_line_minor = 10000           # a line that differs by more waits for approval; whole minor units
# approve_net_minor = 50000            # so does a sheet
# [counting.a]                         # A: the SKUs that make 80 % of the value shipped in 90 days
# interval_days = 30
# tolerance_percent = "0.5"            # a smaller difference is not counted again

# Accounts by posting role, over the defaults.
# [accounts]
# processor_clearing = "Assets:Clearing:Stripe"

# Who answers for a kind of case, and how soon.
# [cases.unmapped_listing]
# role = "data_steward"
# sla_hours = 4
"""
