-- What must always be true of configuration versions: each statement returns the rows that break it.

-- name: versions_follow_each_other
-- when: now
-- Every version is based on the one before it.
SELECT version, base_version FROM model.configuration
WHERE merchant_id = %(merchant_id)s::bigint AND base_version <> version - 1;
