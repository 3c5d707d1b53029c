-- Revenue of each customer by month: of running subscriptions, each spread over its months, and where a customer has none,
-- the monthly amount between first order and end. Compared with the month before.
WITH {{template "people"}},
month AS ({{months 1}}),
paid AS (
  SELECT d.account AS account, d.from_month AS from_month, COALESCE(d.to_month, 999999) AS to_month,
    CASE WHEN d.to_month IS NULL THEN 1.0 * d.net ELSE 1.0 * d.net / (d.to_month - d.from_month + 1) END AS net
  FROM crm_sales_document d
  WHERE d.source = {{source}} AND d.kind = 'subscription' AND d.from_month <= COALESCE(d.to_month, 999999) AND d.account <> ''
    AND d.deleted_at IS NULL AND d.merged_into IS NULL AND d.net > 0
    AND (d.currency IS NULL OR d.currency = (SELECT currency FROM crm_source WHERE id = {{source}}))
),
contract AS (
  SELECT account, from_month, to_month, net FROM paid
  UNION ALL
  SELECT ext_id, first_order_month, COALESCE(ended_month - 1, 999999), 1.0 * monthly
  FROM crm_account
  WHERE source = {{source}} AND first_order_month IS NOT NULL AND monthly > 0
    AND (currency IS NULL OR currency = (SELECT currency FROM crm_source WHERE id = {{source}}))
    AND ext_id NOT IN (SELECT account FROM paid)
),
customer AS (
  SELECT ext_id AS id, ext_id AS account, owner FROM crm_account WHERE source = {{source}} AND merged_into IS NULL AND deleted_at IS NULL
  UNION ALL
  SELECT a.ext_id, b.ext_id, b.owner FROM crm_account a JOIN crm_account b ON b.source = a.source AND b.ext_id = a.merged_into
  WHERE a.source = {{source}} AND b.merged_into IS NULL AND b.deleted_at IS NULL
),
revenue AS (
  SELECT month.month AS month, c.account AS account, MIN(c.owner) AS owner, SUM(k.net) AS net
  FROM month JOIN contract k ON k.from_month <= month.month AND month.month <= k.to_month JOIN customer c ON c.id = k.account
  GROUP BY month.month, c.account
),
kept AS (
  SELECT b.month + 1 AS month, m.team AS team, COUNT(*) AS customers, SUM(CASE WHEN a.account IS NULL THEN 1 ELSE 0 END) AS gone,
    SUM(b.net) AS base, SUM(CASE WHEN a.net < b.net THEN a.net WHEN a.net >= b.net THEN b.net ELSE 0 END) AS held, SUM(COALESCE(a.net, 0)) AS now
  FROM revenue b LEFT JOIN revenue a ON a.account = b.account AND a.month = b.month + 1
  LEFT JOIN member m ON m.id = b.owner
  WHERE b.month < {{last}}
  GROUP BY b.month + 1, m.team
),
per AS (
  SELECT month, team, customers, gone, base, held, now FROM kept WHERE team IS NOT NULL
  UNION ALL SELECT month, '', SUM(customers), SUM(gone), SUM(base), SUM(held), SUM(now) FROM kept GROUP BY month
)
SELECT month, team, 1.0 * gone AS numerator, 1.0 * customers AS denominator, customers AS n, 'logo_churn' AS figure FROM per
UNION ALL SELECT month, team, 1.0 * customers - gone, customers, customers, 'logo_retention' FROM per
UNION ALL SELECT month, team, base - held, base, customers, 'revenue_churn' FROM per
UNION ALL SELECT month, team, held, base, customers, 'gross_retention' FROM per
UNION ALL SELECT month, team, now, base, customers, 'net_retention' FROM per
