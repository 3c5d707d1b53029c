-- Accounts as they stand today, shown at the last month.
WITH {{template "people"}},
reach AS (
  SELECT account, MAX(CASE WHEN email <> '' THEN 1 ELSE 0 END) AS email, MAX(CASE WHEN phone <> '' THEN 1 ELSE 0 END) AS phone
  FROM crm_contact WHERE source = {{source}} AND deleted_at IS NULL AND merged_into IS NULL AND account <> ''
  GROUP BY account
),
counted AS (
  SELECT m.team AS team, COUNT(*) AS n, SUM(COALESCE(r.email, 0)) AS email,
    SUM(CASE WHEN a.phone <> '' OR r.phone = 1 THEN 1 ELSE 0 END) AS phone,
    SUM(CASE WHEN a.industry <> '' THEN 1 ELSE 0 END) AS industry,
    SUM(CASE WHEN a.postal_code <> '' AND a.city <> '' THEN 1 ELSE 0 END) AS address
  FROM crm_account a LEFT JOIN reach r ON r.account = a.ext_id LEFT JOIN member m ON m.id = a.owner
  WHERE a.source = {{source}} AND a.deleted_at IS NULL AND a.merged_into IS NULL AND COALESCE(a.type, 'customer') <> 'own'
  GROUP BY m.team
),
per AS (
  SELECT CAST({{last}} AS BIGINT) AS month, team, n, email, phone, industry, address FROM counted WHERE team IS NOT NULL
  UNION ALL SELECT CAST({{last}} AS BIGINT), '', SUM(n), SUM(email), SUM(phone), SUM(industry), SUM(address) FROM counted
)
SELECT month, team, email AS numerator, n AS denominator, n, 'complete_account_email' AS figure FROM per WHERE n > 0
UNION ALL SELECT month, team, phone, n, n, 'complete_account_phone' FROM per WHERE n > 0
UNION ALL SELECT month, team, industry, n, n, 'complete_account_industry' FROM per WHERE n > 0
UNION ALL SELECT month, team, address, n, n, 'complete_account_address' FROM per WHERE n > 0
