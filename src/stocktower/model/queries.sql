-- name: find_latest
-- The version that is applied, with the hash of its text.
SELECT version, sha256 FROM model.configuration
WHERE merchant_id = %(merchant_id)s::bigint
ORDER BY version DESC
LIMIT 1;

-- name: find_version_at
-- The version that was applied at an instant, with the hash of its text.
SELECT version, sha256 FROM model.configuration
WHERE merchant_id = %(merchant_id)s::bigint AND applied_at <= %(at)s::timestamptz
ORDER BY version DESC
LIMIT 1;

-- name: load_text
-- The text of one version.
SELECT text FROM model.configuration
WHERE merchant_id = %(merchant_id)s::bigint AND version = %(version)s::integer;

-- name: record_version
-- A new version; the key refuses a second one of the same number.
INSERT INTO model.configuration (merchant_id, version, base_version, author, applied_at, text, sha256)
VALUES (%(merchant_id)s::bigint, %(version)s::integer, %(base_version)s::integer, %(author)s::text,
    %(now)s::timestamptz, %(text)s::text, %(sha256)s::text)
ON CONFLICT (merchant_id, version) DO NOTHING;

-- name: load_versions
-- Who applied what and when, the newest first.
SELECT version, base_version, author, applied_at, sha256 FROM model.configuration
WHERE merchant_id = %(merchant_id)s::bigint
ORDER BY version DESC;
